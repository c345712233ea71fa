"""The worst mistakes of a run: where each picture speaks for the wrong answer, and where for the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.errors import ConvscopeError
from cnn_core.evaluation.predictions import predicted_labels
from cnn_core.evaluation.scores import worst_mistakes
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from dashboard.figures.colours import UInt8, short
from dashboard.figures.pictures.overlay import fit_to_image, overlay, overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import enlarged, jpeg, rgb_pixels
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session import address
from dashboard.session.resources import explorer, model_input_pixels
from dashboard.widgets.evaluation_pictures import (
    DAMAGED,
    GONE,
    choose_photo,
    missing_html,
    set_picture,
    sure,
)
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import choice
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.runs.run_view import RunView
    from dashboard.session.photos import Photo

COLUMNS = 3
FOR = {"answer": "Its answer", "truth": "The truth"}
SHOWN = 6
SHOWN_PX = 224
OPACITY = 0.75
FOR_HELP = (
    "Where the picture speaks for the class that the network answered, wrongly, or for the true one. Of two "
    "classes one map is the negative of the other."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A picture that was answered wrong.

    Attributes:
        path: of the file.
        probability: of the answer, 0..1.
        answer, truth: indices of the classes.
        names: of all classes.
    """

    path: str
    probability: float
    answer: int
    truth: int
    names: tuple[str, ...]

    def class_of(self, about: str) -> int:
        """The class that the heat map is for."""
        return self.answer if about == "answer" else self.truth

    def words(self) -> str:
        """What it is and what the network said, as Markdown."""
        return (
            f"**{escape_markdown(self.names[self.truth])}**, "
            f"answered **{escape_markdown(self.names[self.answer])}** "
            f"{escape_markdown(sure(self.probability))}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class MistakeMaps:
    """A heat map per mistake; None where the picture could not be read."""

    maps: tuple[AttributionMap | None, ...]


def mistakes_of(predictions: Predictions, threshold: float, first: int = 0) -> tuple[Mistake, ...]:
    """Some of the mistakes, most confident first, from place ``first`` on."""
    given = predicted_labels(predictions, threshold)
    chosen = worst_mistakes(predictions, first + SHOWN, threshold)[first:]
    return tuple(
        Mistake(
            path=predictions.paths[index],
            probability=float(predictions.probabilities[index, given[index]]),
            answer=int(given[index]),
            truth=int(predictions.labels[index]),
            names=predictions.classes,
        )
        for index in chosen
    )


def draw_mistakes(run: RunView, predictions: Predictions, threshold: float) -> None:
    """The most confident mistakes with their heat maps beside."""
    st.subheader("Worst mistakes")
    count = len(worst_mistakes(predictions, threshold=threshold))
    if count == 0:
        st.markdown("No picture of this set was answered wrong.")
        return
    about_place, page_place = st.columns([1, 1], vertical_alignment="bottom")
    with about_place:
        about = choice("Heat map for", FOR, key="eval_map", help=FOR_HELP)
    with page_place:
        first = _first_shown(count)
    mistakes = mistakes_of(predictions, threshold, first)
    maps = _maps_or_progress(str(run.model_key), mistakes, about)
    if maps is not None:
        _draw_all(run, mistakes, maps, about)


def _first_shown(count: int) -> int:
    """Place of the first mistake on the page."""
    pages = -(-count // SHOWN)
    page = address.restore("eval_worst", address.whole_number(1, pages), 1)
    if pages > 1:
        page = st.number_input(
            f"Page, of {pages} with {count:,} mistakes",
            1,
            pages,
            key="eval_worst",
            width=260,
            help="The most confident mistakes come first.",
        )
    address.keep({"eval_worst": page if page > 1 else None})
    return (int(page) - 1) * SHOWN


def _maps_or_progress(model_key: str, mistakes: Sequence[Mistake], about: str) -> MistakeMaps | None:
    fingerprint = explorer().model(model_key).fingerprint
    method = "saliency" if explorer().default_layer(model_key) is None else "grad_cam"
    pictures = [(mistake.path, _stamp(mistake.path), mistake.class_of(about)) for mistake in mistakes]

    def work(progress: Progress) -> object:
        maps = []
        for place, mistake in enumerate(mistakes):
            progress(place / len(mistakes))
            maps.append(_map(model_key, mistake, method, mistake.class_of(about)))
        return MistakeMaps(tuple(maps))

    key = json.dumps(["mistakes", fingerprint, method, pictures])
    doing = "Making the heat maps of these mistakes"
    return result_or_progress(Task(slot="mistakes", key=key, doing=doing, work=work, result=MistakeMaps))


def _stamp(path: str) -> object:
    """What tells one content of a file from another; None where it cannot be read."""
    with suppress(OSError):
        return list(map(str, set_picture(path).stamp()))  # type: ignore[arg-type]
    return None


def _map(model_key: str, mistake: Mistake, method: str, class_index: int) -> AttributionMap | None:
    try:
        image = set_picture(mistake.path).image()
    except (ConvscopeError, OSError):
        return None
    from cnn_core.analyses import analysis_named
    from cnn_core.analysis import Request  # here, since both load the framework

    request = Request(model_key=model_key, image=image, class_index=class_index)
    found: AttributionMap = explorer().run(analysis_named(method), request)
    return found


def _draw_all(run: RunView, mistakes: Sequence[Mistake], maps: MistakeMaps, about: str) -> None:
    columns, pairs = st.columns(COLUMNS, gap="medium"), []
    for place, (mistake, attribution) in enumerate(zip(mistakes, maps.maps, strict=True)):
        with columns[place % COLUMNS]:
            pair = _draw_one(run, place, mistake, attribution, about)
            if pair is not None:
                pairs.extend(pair)
    st.caption(
        "Each map on its own scale, in logits per cell where it is signed. Click a name to open the picture."
    )
    if pairs:
        export_bar(mistakes_export(run, mistakes, maps, about, pairs), "mistakes-export")


def _draw_one(
    run: RunView, place: int, mistake: Mistake, attribution: AttributionMap | None, about: str
) -> tuple[UInt8, UInt8] | None:
    """A mistake with its map; the two pictures, or None where the file is gone."""
    photo = set_picture(mistake.path)
    pair = None if attribution is None else _pair(str(run.model_key), photo, attribution)
    if attribution is None or pair is None:
        reason = DAMAGED if _stamp(mistake.path) is not None else GONE
        st.html(f'<div style="max-width:50%">{missing_html(reason, photo.title)}</div>')
        st.markdown(mistake.words())
        return None
    name, other = _sides(mistake, about)
    truth = mistake.names[mistake.truth]
    words = f"A picture of {truth}", f"The heat map for {name} over it"
    for column, pixels, alt in zip(st.columns(2, gap="xsmall"), pair, words, strict=True):
        column.image(jpeg(pixels), width="stretch", alt=alt)
    scale = overlay_scale(attribution.values, signed=attribution.signed)
    low, high = (f"for {other}", f"for {name}") if attribution.signed else ("", f"moves {name} most")
    st.html(scale_bar_html(scale, low=low, high=high))
    st.markdown(mistake.words())
    st.button(
        escape_markdown(photo.title),
        key=f"mistake-{place}",
        icon=":material/arrow_outward:",
        help="See in Heat maps what this network looks at",
        on_click=choose_photo,
        args=(photo, str(run.model_key)),
        type="tertiary",
    )
    return pair


def _sides(mistake: Mistake, about: str) -> tuple[str, str]:
    """The class that the map is for, and what speaks against it."""
    names, asked = mistake.names, mistake.class_of(about)
    return names[asked], names[1 - asked] if len(names) == 2 else f"not {names[asked]}"


def _pair(model_key: str, photo: Photo, attribution: AttributionMap) -> tuple[UInt8, UInt8] | None:
    """A picture as the network gets it, and the map over it."""
    try:
        image = photo.image()
    except (ConvscopeError, OSError):
        return None
    seen = rgb_pixels(model_input_pixels(model_key, image))
    large = enlarged(seen, SHOWN_PX)
    values = fit_to_image(attribution.values, attribution.extent, seen.shape[:2], large.shape[:2])
    scale = overlay_scale(attribution.values, signed=attribution.signed)
    return large, overlay(large, values, scale=scale, opacity=OPACITY)


def mistakes_export(
    run: RunView, mistakes: Sequence[Mistake], maps: MistakeMaps, about: str, pairs: Sequence[UInt8]
) -> Export:
    """Mistakes with their heat maps.

    Args:
        run: whose mistakes they are.
        mistakes: that are shown.
        maps: a heat map or None for each.
        about: a key of ``FOR``.
        pairs: of those with a map, the picture and the map over it, one after the other.
    """
    there = [(m, each) for m, each in zip(mistakes, maps.maps, strict=True) if each is not None]
    named = "; ".join(
        f"{set_picture(m.path).title} is {m.names[m.truth]}, answered {m.names[m.answer]} "
        f"{sure(m.probability)}"
        + ("" if each is None else f", map up to {short(float(np.abs(each.values).max()))}")
        for m, each in zip(mistakes, maps.maps, strict=True)
    )
    wanted = "".join(f"    ({m.path!r}, {m.class_of(about)}),\n" for m, _ in there)
    return Export(
        name=file_name(run.key, "mistakes"),
        title=f"Worst mistakes of {run.title}",
        note=f"Heat maps for {FOR[about].lower()}, own scale each. {named}.",
        image=lambda: row_pixels(pairs, 2 * min(COLUMNS, len(pairs) // 2)),
        arrays=lambda: {
            "paths": np.array([m.path for m in mistakes]),
            "truth": np.int64([m.truth for m in mistakes]),
            "answer": np.int64([m.answer for m in mistakes]),
            "probability": np.float32([m.probability for m in mistakes]),
            **{f"map_{i}": each.values for i, each in enumerate(maps.maps) if each is not None},
        },
        code="from cnn_core import open_explorer, open_image\n"
        "from cnn_core.analyses import analysis_named\nfrom cnn_core.analysis import Request\n\n"
        "explorer = open_explorer()\n"
        f"for path, class_index in [\n{wanted}]:\n"
        "    image = open_image(path)\n"
        f"    request = Request(model_key={run.model_key!r}, image=image, class_index=class_index)\n"
        f"    attribution = explorer.run(analysis_named({there[0][1].method!r}), request)\n"
        "    print(path, attribution.score, attribution.values.round(2))\n",
    )
