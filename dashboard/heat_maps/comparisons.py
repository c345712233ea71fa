"""The same request to all methods, and the same method for all classes, side by side."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.results import AttributionMap
from cnn_core.snippet import Call, snippet
from cnn_core.targets import fitting_layers
from dashboard.figures.colours import Scale, short
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session.resources import explorer
from dashboard.widgets.analysis_view import row_of_results
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.inputs import choice, tabs
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import attribution_pixels, evidence_strength, in_class_colours, photo_code

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

MOST_CLASSES = 6
PER_ROW = 4
SCALES = {"own": "Each map", "common": "Common"}
SCALE_HELP = (
    "Each map stretched to its own range, or all on one scale so that they can be compared. Maps of the "
    "photo itself have another unit than maps of a layer, and so a scale of their own."
)


def draw_comparisons(view: View, analyses: Sequence[Analysis], selection: HeatMapSelection) -> None:
    """Two tabs; only the open one is computed."""
    compared = tabs({"methods": "All methods", "classes": "All classes"}, key="compare")
    if compared["methods"].open:
        with compared["methods"]:
            _draw_row(view, selection, "methods", _methods(view, analyses, selection))
    if compared["classes"].open:
        with compared["classes"]:
            _draw_row(view, selection, "classes", _classes(view, selection))


def _methods(view: View, analyses: Sequence[Analysis], selection: HeatMapSelection) -> dict[str, Call]:
    """All that can be done here, by title, on the chosen layer where it fits; others with usual settings."""
    outline, asked = explorer().outline(view.model_key), selection.request
    usual = dataclasses.replace(asked, layer_name=None)
    names = {each.key: [info.name for info in fitting_layers(each, outline)] for each in analyses}
    return {
        each.title: Call(
            analysis=each,
            request=asked if asked.layer_name in names[each.key] else usual,
            settings=selection.settings if each is selection.analysis else None,
            picture=view.photo.path,
        )
        for each in analyses
        if each.inapplicable(outline, asked.head) is None
    }


def _classes(view: View, selection: HeatMapSelection) -> dict[str, Call]:
    names, scores = selection.answer.class_names, selection.answer.scores
    highest = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
    if len(names) > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the highest scores, of {len(names)}.")
    return {
        f"for {names[index]}": Call(
            analysis=selection.analysis,
            request=dataclasses.replace(selection.request, class_index=int(index)),
            settings=selection.settings,
            picture=view.photo.path,
        )
        for index in highest
    }


def _draw_row(view: View, selection: HeatMapSelection, name: str, compared: Mapping[str, Call]) -> None:
    common = choice("Scale", SCALES, key=f"{name}-scale", help=SCALE_HELP) == "common"
    draw = functools.partial(_draw_maps, view, selection, tuple(compared), common=common)
    maps = row_of_results(tuple(compared.values()), slot=name, doing="Making the heat maps", preview=draw)
    if maps is not None:
        draw(maps)
        export_bar(export(view, selection, name, compared, maps, common=common), key=f"{name}-export")


def _scales(selection: HeatMapSelection, shown: Sequence[AttributionMap], *, common: bool) -> list[Scale]:
    if not common:
        return [selection.scale(each) for each in shown]
    scales = common_scales(shown)
    names, strength = selection.answer.class_names, evidence_strength(selection.answer)
    return [in_class_colours(scales[each.layer_name is None], each, names).faded(strength) for each in shown]


def common_scales(shown: Sequence[AttributionMap]) -> dict[bool, Scale]:
    """One scale for the maps of the photo itself (True), and one for those of a layer (False).

    Args:
        shown: the maps as they are drawn.
    """
    scales = {}
    for of_photo in (True, False):
        group = [each for each in shown if (each.layer_name is None) is of_photo]
        if group:
            values = np.concatenate([each.values.ravel() for each in group])
            scales[of_photo] = overlay_scale(values, signed=any(each.signed for each in group))
    return scales


def _draw_maps(
    view: View,
    selection: HeatMapSelection,
    titles: Sequence[str],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> None:
    """The maps that are known so far, some in a row."""
    shown = [selection.drawn(each) for each in maps]
    columns = st.columns(min(max(len(titles), 3), PER_ROW), gap="medium")
    rows = zip(titles, shown, _scales(selection, shown, common=common), strict=False)
    for index, (title, attribution, scale) in enumerate(rows):
        with columns[index % len(columns)]:
            pixels = attribution_pixels(view, attribution, selection.opacity, scale=scale)
            st.image(jpeg(pixels), width="stretch", alt=f"Heat map, {title}")
            st.markdown(f"**{escape_markdown(title)}**")
            st.html(scale_bar_html(scale, **selection.ends(attribution)))


def export(
    view: View,
    selection: HeatMapSelection,
    name: str,
    compared: Mapping[str, Call],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> Export:
    """All maps side by side, each with the range of its colours."""
    shown = [selection.drawn(each) for each in maps]
    scales = _scales(selection, shown, common=common)
    ranges = (
        f"{title}, {short(scale.low)} to {short(scale.high)}"
        for title, scale in zip(compared, scales, strict=True)
    )
    return Export(
        name=file_name(name, view.model_key, view.photo.title),
        title=f"All {name}, {view.photo.title}",
        note=f"From left to right, with the range of its colours: {'; '.join(ranges)}.",
        image=lambda: row_pixels(
            [
                attribution_pixels(view, each, selection.opacity, scale=scale)
                for each, scale in zip(shown, scales, strict=True)
            ],
            min(len(shown), PER_ROW),
        ),
        arrays=lambda: {f"{each.method}_class_{each.class_index}": each.values for each in maps},
        code=snippet(tuple(compared.values()), note=own_photo_note(view.photo)) + "for result in results:\n"
        "    print(result.method, result.class_index, result.values.sum(), result.score)",
        drawing="from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        "from dashboard.widgets.overlay_view import map_over_photo\n"
        f"{photo_code(view)}{selection.drawing_imports}"
        f"shown = [{selection.drawn_code('result')} for result in results]\n"
        f"{_scales_code(selection, common=common)}"
        "pictures = [\n"
        f"    map_over_photo(photo, one.values, one.extent, scale=own, opacity={selection.opacity!r})\n"
        "    for one, own in zip(shown, scales)\n"
        "]\n"
        f"picture = row_pixels(pictures, {min(len(shown), PER_ROW)})\n",
    )


def _scales_code(selection: HeatMapSelection, *, common: bool) -> str:
    if not common:
        return f"scales = [{selection.scale_code('one')} for one in shown]\n"
    names, strength = selection.answer.class_names, evidence_strength(selection.answer)
    return (
        "from dashboard.heat_maps.comparisons import common_scales\n"
        "from dashboard.widgets.overlay_view import in_class_colours\n"
        "together = common_scales(shown)\n"
        "scales = [\n"
        f"    in_class_colours(together[one.layer_name is None], one, {names!r}).faded({strength!r})\n"
        "    for one in shown\n"
        "]\n"
    )
