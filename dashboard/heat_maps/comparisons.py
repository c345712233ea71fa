"""The same question to all methods, and the same method for all classes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.results import AttributionMap
from dashboard.figures.colours import Scale, UInt8, short
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.heat_maps.heat_map import Asked
from dashboard.session.resources import explorer
from dashboard.widgets.choosers import choice, tabs
from dashboard.widgets.export_bar import export_row, file_name, snippet_start
from dashboard.widgets.markdown import literal
from dashboard.widgets.overlay_view import evidence_pixels

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from dashboard.session.view import View

MOST_CLASSES = 6
SCALES = {"own": "Each map", "common": "Common"}
SCALE_HELP = (
    "Each map stretched to its own range, or all on one scale so that they can be compared. Maps of the "
    "photo itself have another unit than maps of a layer, and so a scale of their own."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the maps side by side.

    Attributes:
        key: in files.
        title: for people.
        raw: the map.
        shown: as it is drawn, perhaps without what speaks against the class.
        scale: how it is drawn.
    """

    key: str
    title: str
    raw: AttributionMap
    shown: AttributionMap
    scale: Scale


def draw_comparisons(view: View, methods: Sequence[Analysis], asked: Asked) -> None:
    """Two tabs; only the open one is computed."""
    compared = tabs({"methods": "All methods", "classes": "All classes"}, key="compare")
    if compared["methods"].open:
        with compared["methods"]:
            mapless = explorer().default_layer(view.model_key, asked.head) is None
            able = [method for method in methods if not (mapless and method.needs_layer)]
            _draw_row(view, asked, "methods", [(m, asked.class_index, m.key, m.title) for m in able])
    if compared["classes"].open:
        with compared["classes"]:
            _draw_row(view, asked, "classes", _classes(asked))


def _classes(asked: Asked) -> list[tuple[Analysis, int, str, str]]:
    names, scores = asked.answer.class_names, asked.answer.scores
    highest = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
    if len(names) > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the highest scores, of {len(names)}.")
    return [(asked.method, int(i), f"class_{i}", f"for {names[i]}") for i in highest]


def _draw_row(
    view: View, asked: Asked, name: str, questions: Sequence[tuple[Analysis, int, str, str]]
) -> None:
    common = choice("Scale", SCALES, key=f"{name}-scale", help=SCALE_HELP) == "common"
    rows = _compared(view, asked, questions, common=common)
    pictures = [evidence_pixels(view, each.shown, asked.opacity, scale=each.scale) for each in rows]
    for column, each, pixels in zip(
        st.columns(max(len(rows), 3), gap="medium"), rows, pictures, strict=False
    ):
        with column:
            st.image(jpeg(pixels), width="stretch", alt=f"Heat map, {each.title}")
            st.markdown(f"**{literal(each.title)}**")
            st.html(scale_bar_html(each.scale))
    _draw_exports(view, asked, name, rows, pictures)


def _compared(
    view: View, asked: Asked, questions: Sequence[tuple[Analysis, int, str, str]], *, common: bool
) -> list[Compared]:
    raw = [
        explorer().attribution(
            view.model_key,
            view.photo.image(),
            method.key,
            layer_name=asked.layer_name,
            head=asked.head,
            class_index=class_index,
            params=asked.params if method is asked.method else None,
        )
        for method, class_index, _, _ in questions
    ]
    drawn = [asked.drawn(attribution) for attribution in raw]
    scales = common_scales([shown for shown, _ in drawn], signed=not asked.positive_only) if common else {}
    return [
        Compared(
            key=key,
            title=title,
            raw=attribution,
            shown=shown,
            scale=scales.get(attribution.layer_name is None, scale),
        )
        for (_, _, key, title), attribution, (shown, scale) in zip(questions, raw, drawn, strict=True)
    ]


def common_scales(shown: Sequence[AttributionMap], *, signed: bool) -> dict[bool, Scale]:
    """One scale for the maps of the photo itself (True), and one for those of a layer (False).

    Args:
        shown: the maps as they are drawn.
        signed: whether what speaks against the class is drawn too.
    """
    scales = {}
    for of_photo in (True, False):
        group = [each for each in shown if (each.layer_name is None) is of_photo]
        if group:
            values = np.concatenate([each.values.ravel() for each in group])
            scales[of_photo] = overlay_scale(values, signed=signed and any(each.signed for each in group))
    return scales


def _draw_exports(
    view: View, asked: Asked, name: str, rows: Sequence[Compared], pictures: Sequence[UInt8]
) -> None:
    note = "; ".join(f"{each.title}, {short(each.scale.low)} to {short(each.scale.high)}" for each in rows)
    questions = "".join(
        f"    ({each.raw.method!r}, {each.raw.layer_name!r}, {each.raw.class_index}),\n" for each in rows
    )
    export_row(
        file_name(name, view.model_key, view.photo.title),
        key=f"{name}-export",
        png=lambda: view_png(
            row_pixels(pictures),
            title=f"All {name}, {view.photo.title}",
            note=f"From left to right, with the range of its colours: {note}.",
        ),
        npz=lambda: arrays_npz(**{each.key: each.raw.values for each in rows}),
        code=snippet_start(view.model_key, view.photo) + f"\nquestions = [\n{questions}]\n"
        "for method, layer, class_index in questions:\n"
        "    evidence = explorer.attribution(\n"
        f"        model, image, method, layer_name=layer, head={asked.head}, class_index=class_index\n    )\n"
        "    print(method, class_index, evidence.values.sum(), evidence.score)",
    )
