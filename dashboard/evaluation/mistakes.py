"""The worst mistakes of a network: where each picture speaks for the answer, and where for the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.errors import ConvscopeError
from cnn_core.evaluation.predictions import predicted_labels
from cnn_core.evaluation.scores import worst_mistakes
from cnn_core.results import AttributionMap
from dashboard.figures.colours import UInt8, short
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import enlarged, jpeg, rgb_pixels
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session.resources import model_input_pixels
from dashboard.widgets.evaluation_pictures import (
    DAMAGED,
    GONE,
    choose_photo,
    missing_html,
    set_picture,
    sure,
)
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.inputs import choice, pager
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import map_over_photo, other_name, scale_of

if TYPE_CHECKING:
    from cnn_core.evaluation.predictions import Predictions
    from cnn_core.snippet import Call
    from dashboard.evaluation.evaluated_set import EvaluatedSet

COLUMNS = 3
FOR = {"answer": "Its answer", "truth": "The truth"}
SHOWN = 6
SHOWN_PX = 224
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


def draw_mistakes(shown: EvaluatedSet, threshold: float) -> None:
    """The most confident mistakes with their heat maps beside."""
    predictions = shown.predictions
    st.subheader("Worst mistakes", help="The most confident mistakes come first.")
    count = len(worst_mistakes(predictions, threshold=threshold))
    if count == 0:
        st.markdown("No picture of this set was answered wrong.")
        return
    about_place, page_place = st.columns([1, 1], vertical_alignment="bottom")
    with about_place:
        about = choice("Heat map for", FOR, key="eval_map", help=FOR_HELP)
    with page_place:
        first = pager(count, SHOWN, key="eval_worst").start
    mistakes = mistakes_of(predictions, threshold, first)
    calls = _calls(shown, mistakes, about)
    from dashboard.widgets.analysis_view import row_of_results  # here, since it loads the framework

    doing = "Making the heat maps of these mistakes"
    maps = row_of_results(list(calls.values()), slot="mistakes", doing=doing)
    if maps is not None:
        _draw_all(shown, mistakes, calls, dict(zip(calls, maps, strict=True)), about)


def _calls(shown: EvaluatedSet, mistakes: Sequence[Mistake], about: str) -> dict[Mistake, Call]:
    """What is asked about each mistake whose picture can be read."""
    from cnn_core.analysis import Request  # here, since these load the framework
    from cnn_core.snippet import Call
    from dashboard.widgets.analysis_view import usual_attribution

    method, calls = usual_attribution(shown.model_key, shown.head), {}
    for mistake in mistakes:
        with suppress(ConvscopeError, OSError):
            image = set_picture(mistake.path).image()
            request = Request(
                model_key=shown.model_key,
                image=image,
                head=shown.head,
                class_index=mistake.class_of(about),
            )
            calls[mistake] = Call(analysis=method, request=request, picture=mistake.path)
    return calls


def _draw_all(
    shown: EvaluatedSet,
    mistakes: Sequence[Mistake],
    calls: Mapping[Mistake, Call],
    maps: Mapping[Mistake, AttributionMap],
    about: str,
) -> None:
    columns, pairs = st.columns(COLUMNS, gap="medium"), []
    for place, mistake in enumerate(mistakes):
        with columns[place % COLUMNS]:
            photo = set_picture(mistake.path)
            if mistake not in maps:
                reason = DAMAGED if Path(mistake.path).exists() else GONE
                st.html(f'<div style="max-width:50%">{missing_html(reason, photo.title)}</div>')
                st.markdown(mistake.words())
                continue
            image = calls[mistake].request.image
            seen = model_input_pixels(shown.model_key, image)
            pair = picture_and_map(seen, maps[mistake], mistake.names)
            _draw_one(mistake, pair, maps[mistake])
            pairs.extend(pair)
            st.button(
                escape_markdown(photo.title),
                key=f"mistake-{place}",
                icon=":material/arrow_outward:",
                help="See in Heat maps what this network looks at",
                on_click=choose_photo,
                args=(photo, shown.model_key),
                type="tertiary",
            )
    st.caption(
        "Each map on its own scale; signed ones say what a place adds to the score. Click a name to open it."
    )
    if pairs:
        export_bar(mistakes_export(shown, calls, maps, about, pairs), "mistakes-export")


def _draw_one(mistake: Mistake, pair: tuple[UInt8, UInt8], attribution: AttributionMap) -> None:
    """A mistake with its map: the picture, and the map over it."""
    truth, name = mistake.names[mistake.truth], mistake.names[attribution.class_index]
    words = f"A picture of {truth}", f"The heat map for {name} over it"
    for column, pixels, alt in zip(st.columns(2, gap="xsmall"), pair, words, strict=True):
        column.image(jpeg(pixels), width="stretch", alt=alt)
    other = other_name(mistake.names, attribution.class_index)
    low, high = (f"for {other}", f"for {name}") if attribution.signed else ("", f"moves {name} most")
    st.html(scale_bar_html(scale_of(attribution, mistake.names), low=low, high=high))
    st.markdown(mistake.words())


def picture_and_map(pixels: UInt8, attribution: AttributionMap, names: Sequence[str]) -> tuple[UInt8, UInt8]:
    """A picture as the network gets it, ``(h, w, c)``, and the map over it, both large."""
    seen = rgb_pixels(pixels)
    covered = map_over_photo(
        seen, attribution.values, attribution.extent, scale=scale_of(attribution, names), side_px=SHOWN_PX
    )
    return enlarged(seen, SHOWN_PX), covered


def mistakes_export(
    shown: EvaluatedSet,
    calls: Mapping[Mistake, Call],
    maps: Mapping[Mistake, AttributionMap],
    about: str,
    pairs: Sequence[UInt8],
) -> Export:
    """Mistakes with their heat maps, those whose picture can be read.

    Args:
        shown: the network with its answers.
        calls: what was asked about each.
        maps: the heat map of each.
        about: a key of ``FOR``.
        pairs: the picture and the map over it, one after the other.
    """
    from cnn_core.snippet import snippet  # here, since it loads the framework

    named = "; ".join(
        f"{set_picture(m.path).title} is {m.names[m.truth]}, answered {m.names[m.answer]} "
        f"{sure(m.probability)}, map up to {short(float(np.abs(each.values).max()))}"
        for m, each in maps.items()
    )
    return Export(
        name=file_name(shown.file_name, "mistakes"),
        title=f"Worst mistakes of {shown.network.title}",
        note=f"Heat maps for {FOR[about].lower()}, own scale each. {named}.",
        image=lambda: row_pixels(pairs, 2 * min(COLUMNS, len(pairs) // 2)),
        arrays=lambda: {
            "paths": np.array([m.path for m in maps]),
            "truth": np.int64([m.truth for m in maps]),
            "answer": np.int64([m.answer for m in maps]),
            "probability": np.float32([m.probability for m in maps]),
            **{f"map_{i}": each.values for i, each in enumerate(maps.values())},
        },
        code=snippet(list(calls.values()))
        + "for result in results:\n    print(result.class_index, result.score, result.values.round(2))\n",
        drawing="from cnn_core import open_image\n"
        "from dashboard.evaluation.mistakes import picture_and_map\n"
        "from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        f"paths = {[call.picture for call in calls.values()]!r}\n"
        "pictures = []\n"
        "for path, result in zip(paths, results):\n"
        f"    seen = explorer.model_input_pixels({shown.model_key!r}, open_image(path))\n"
        f"    pictures += picture_and_map(seen, result, {next(iter(maps)).names!r})\n"
        f"picture = row_pixels(pictures, {2 * min(COLUMNS, len(pairs) // 2)})\n",
    )
