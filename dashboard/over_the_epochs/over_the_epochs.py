"""A run's kept epochs side by side: a filter's pattern, its map of the photo, and the heat map."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.feature_visualization import FILTER_PATTERNS
from cnn_core.models.card import checkpoint_key, run_and_epoch
from cnn_core.snippet import snippet
from cnn_core.targets import fitting_layers
from dashboard.figures.colours import Float, Scale, UInt8, fitting_scale, percent, short
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg, squared
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.strip import square_pixels
from dashboard.over_the_epochs import columns
from dashboard.over_the_epochs.columns import Column, EpochsSelection
from dashboard.session import address
from dashboard.session.resources import explorer
from dashboard.widgets.analysis_view import usual_attribution
from dashboard.widgets.choosers import channel_slider, class_picker, first_choice, layer_slider
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.gallery import Captioned, pictures_html
from dashboard.widgets.overlay_view import (
    OPACITY,
    as_on_the_bar,
    attribution_pixels,
    in_class_colours,
    other_name,
    photo_code,
)
from dashboard.widgets.sentences import span_text

if TYPE_CHECKING:
    from dashboard.session.view import View

FEWEST_SILENT, MOST_SILENT = 0.25, 0.97  # share of a map that is zero or below
SIDE_PX = 224
LONGEST_PX = 190  # of a picture on the page
OFFERED = 4  # runs, where the chosen network is of none
NO_EPOCHS = (
    "The chosen network has kept no epochs of its training. Choose a run in the sidebar, under **Model**, or "
    "start one: under Train, Settings, “Epochs kept to open” says how many it keeps, and the first can be "
    "seen here after a moment."
)
PATTERN_HELP = (
    "What the filter looks for: the picture that drives it most, found by the same steps in every epoch. The "
    "score is the mean of the filter's map for it, before the ReLU."
)
MAP_HELP = "How strongly the filter answers to each place of the photo, all epochs on one scale."
ATTRIBUTION_HELP = "Which places of the photo speak for the class, all epochs on one scale."


def draw_without_epochs(choose_model: Callable[[str], None]) -> None:
    """What to do where the network is of no run that kept epochs; a way to those there are."""
    st.info(NO_EPOCHS, icon=":material/inventory_2:")
    known = [card for card in explorer().models() if explorer().checkpoints(card.key)]
    for card in known[:OFFERED]:
        if st.button(card.title, key=f"run-{card.key}", on_click=choose_model, args=(card.key,)):
            st.rerun()  # the sidebar too


def choose(view: View) -> EpochsSelection | None:
    """Draw the pickers; None, with the reason told, where there is no filter."""
    epochs = explorer().checkpoints(view.model_key)
    last = checkpoint_key(run_and_epoch(view.model_key)[0], epochs[-1])
    outline = explorer().outline(last)
    reason = FILTER_PATTERNS.inapplicable(outline, 0)
    if reason is not None:
        st.info(reason, icon=":material/info:")
        return None
    layers = fitting_layers(FILTER_PATTERNS, outline)
    layer_place, channel_place, class_place = st.columns([5, 5, 2.4], gap="medium")
    image = view.photo.image()
    with layer_place:
        info = layer_slider(layers, first_choice(layers), arrows="shift")
    with channel_place:
        count = info.output_shape[-1] or 1
        parse = address.whole_number(0, count - 1)
        if address.current("channel", parse, None) is None:
            request = Request(model_key=last, image=image, layer_name=info.name)
            address.restore("channel", parse, most_active_channel(explorer().run(ACTIVATIONS, request).maps))
        channel = channel_slider(count)
    with class_place:
        heads = explorer().predict(last, image).heads
        head, class_index = class_picker(explorer().heads(last), [answer.best for answer in heads])
    return EpochsSelection(
        view=view,
        epochs=epochs,
        info=info,
        channel=channel,
        head=head,
        class_index=class_index,
        method=usual_attribution(last, head),
    )


def most_active_channel(maps: Float) -> int:
    """The channel of ``(h, w, k)`` to start with: neither dead nor a copy of the photo's brightness.

    Of the channels that are silent in a good part of the photo the one that varies most; where a layer
    has none, the one that varies most of all.
    """
    silent = (maps <= 0).mean(axis=(0, 1))  # (k,)
    picks = (silent >= FEWEST_SILENT) & (silent <= MOST_SILENT)
    spread = maps.std(axis=(0, 1))
    return int(np.argmax(np.where(picks, spread, 0) if picks.any() else spread))


def columns_or_progress(selection: EpochsSelection) -> list[Column] | None:
    """All columns, or what is found so far with the progress of the rest."""
    return columns.columns_or_progress(selection, functools.partial(_draw_rows, selection))


def draw(selection: EpochsSelection, found: Sequence[Column]) -> None:
    """All epochs, and their files."""
    export_bar(export_of(selection, found, _draw_rows(selection, found)))


class Rows:
    """The pictures of some columns, a scale for all epochs of a row.

    Attributes:
        patterns, maps, covered: a square per column, ``(side, side, 3)``.
        map_scale, attribution_scale: of a row.
        low, high: what the ends of ``attribution_scale`` mean.
    """

    def __init__(self, selection: EpochsSelection, found: Sequence[Column]) -> None:
        attribution = [as_on_the_bar(column.attribution, column.answer) for column in found]
        maps = [column.map for column in found]
        self.map_scale: Scale = fitting_scale(np.stack(maps))
        signed, shown = attribution[0].signed, attribution[0].class_index
        scale = overlay_scale(np.stack([one.values for one in attribution]), signed=signed)
        self.attribution_scale = in_class_colours(scale, attribution[0], found[0].answer.class_names)
        self.low = f"for {other_name(found[0].answer.class_names, shown)}" if signed else ""
        self.high = f"for {found[0].answer.class_names[shown]}" if signed else "moves the score most"
        self.patterns = [squared(column.pattern.patterns[0], SIDE_PX) for column in found]
        self.maps = [square_pixels(one, SIDE_PX, self.map_scale) for one in maps]
        self.covered = [
            squared(attribution_pixels(selection.view, one, OPACITY, scale=self.attribution_scale), SIDE_PX)
            for one in attribution
        ]

    def pixels(self) -> UInt8:
        """All rows as one picture."""
        return row_pixels([*self.patterns, *self.maps, *self.covered], len(self.maps))


def _draw_rows(selection: EpochsSelection, found: Sequence[Column]) -> Rows:
    rows = Rows(selection, found)
    scores = [f"{epoch_title(one.epoch)}: score {short(float(one.pattern.scores[0]))}" for one in found]
    spans = [span_text(one.map) for one in found]
    name = found[0].answer.class_names[selection.class_index]
    shares = [f"{name} {percent(float(one.answer.probabilities[selection.class_index]))}" for one in found]
    st.markdown(f"**What channel {selection.channel} looks for**", help=PATTERN_HELP)
    _draw_row(selection, found, rows.patterns, scores)
    st.markdown("**Its map of the photo**", help=MAP_HELP)
    _draw_row(selection, found, rows.maps, spans)
    st.html(scale_bar_html(rows.map_scale, unit="activation"))
    st.markdown(f"**{selection.method.title}, and the answer**", help=ATTRIBUTION_HELP)
    _draw_row(selection, found, rows.covered, shares)
    st.html(scale_bar_html(rows.attribution_scale, low=rows.low, high=rows.high))
    return rows


def _draw_row(
    selection: EpochsSelection, found: Sequence[Column], pictures: Sequence[UInt8], captions: Sequence[str]
) -> None:
    shown = [
        Captioned(
            jpeg=jpeg(pixels),
            alt=f"{epoch_title(column.epoch)}: {caption}",
            caption=caption,
            marked=selection.key(column.epoch) == selection.view.model_key,
        )
        for column, pixels, caption in zip(found, pictures, captions, strict=True)
    ]
    st.html(pictures_html(shown, columns=len(selection.epochs), longest_px=LONGEST_PX))


def epoch_title(epoch: int) -> str:
    """An epoch in words; 0 is the network before its training."""
    return "before training" if epoch == 0 else f"epoch {epoch}"


def export_of(selection: EpochsSelection, found: Sequence[Column], rows: Rows) -> Export:
    """The rows as a picture, what they show as arrays, and the code."""
    view = selection.view
    run_key, _ = run_and_epoch(view.model_key)
    return Export(
        name=file_name("epochs", run_key, selection.info.name, selection.channel, view.photo.title),
        title=f"Channel {selection.channel} of {selection.info.title} while the network was trained",
        note=f"Epochs {', '.join(map(str, selection.epochs))} from left to right. "
        "Rows: the pattern; the map of "
        f"{view.photo.title}, {short(rows.map_scale.low)} to {short(rows.map_scale.high)}; the heat map.",
        image=rows.pixels,
        scale=rows.attribution_scale,
        arrays=lambda: {
            "epochs": np.int64([one.epoch for one in found]),
            "patterns": np.stack([one.pattern.patterns[0] for one in found]),
            "pattern_scores": np.stack([one.pattern.scores[0] for one in found]),
            "maps": np.stack([one.map for one in found]),
            "evidence": np.stack([one.attribution.values for one in found]),
            "extent_px": np.float32(found[0].attribution.extent),
            "probabilities": np.stack([one.answer.probabilities for one in found]),
        },
        code=snippet(selection.calls(), note=own_photo_note(view.photo))
        + "epochs = list(zip(*[iter(results)] * 4))\n"
        "for pattern, layer, attribution, answer in epochs:\n"
        f"    print(pattern.scores, layer.maps[..., {selection.channel}].max(), attribution.score)\n"
        f"    print(answer.heads[{selection.head}].probabilities)",
        drawing=_drawing(selection),
    )


def _drawing(selection: EpochsSelection) -> str:
    return (
        "import numpy as np\n"
        "from dashboard.figures.colours import fitting_scale\n"
        "from dashboard.figures.pictures.overlay import overlay_scale\n"
        "from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        "from dashboard.figures.pictures.pictures import squared\n"
        "from dashboard.figures.pictures.strip import square_pixels\n"
        "from dashboard.widgets.overlay_view import as_on_the_bar, in_class_colours, map_over_photo\n"
        f"side, head = {SIDE_PX}, {selection.head}\n"
        f"maps = [layer.maps[..., {selection.channel}] for _, layer, _, _ in epochs]\n"
        "map_scale = fitting_scale(np.stack(maps))\n"
        "shown = [as_on_the_bar(one, answer.heads[head]) for _, _, one, answer in epochs]\n"
        "scale = overlay_scale(np.stack([one.values for one in shown]), signed=shown[0].signed)\n"
        "scale = in_class_colours(scale, shown[0], epochs[0][3].heads[head].class_names)\n"
        f"{photo_code(selection.view)}"
        "picture = row_pixels(\n"
        "    [\n"
        "        *(squared(pattern.patterns[0], side) for pattern, _, _, _ in epochs),\n"
        "        *(square_pixels(one, side, map_scale) for one in maps),\n"
        "        *(\n"
        "            squared(map_over_photo(photo, one.values, one.extent, scale=scale), side)\n"
        "            for one in shown\n"
        "        ),\n"
        "    ],\n"
        "    len(epochs),\n"
        ")\n"
    )
