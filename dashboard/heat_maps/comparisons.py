"""The same request to all methods, and the same method for all classes, side by side."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from dashboard.figures.colours import Scale, short
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.session.resources import explorer
from dashboard.widgets.export_bar import Export, export_bar, file_name, snippet_start
from dashboard.widgets.inputs import choice, tabs
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import attribution_pixels, scale_of

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis, Request
    from dashboard.heat_maps.heat_map import HeatMapSelection
    from dashboard.session.view import View

MOST_CLASSES = 6
PER_ROW = 4
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
        analysis, request, settings: what it is the result of.
    """

    key: str
    title: str
    analysis: Analysis
    request: Request
    settings: Any

    def result_key(self) -> str:
        """Name of the map among all results."""
        return explorer().result_key(self.analysis, self.request, self.settings)

    def known(self) -> AttributionMap | None:
        """The map where it is stored already."""
        found: AttributionMap | None = explorer().known(self.analysis, self.request, self.settings)
        return found

    def run(self, progress: Progress) -> AttributionMap:
        """The map."""
        found: AttributionMap = explorer().run(self.analysis, self.request, self.settings, progress)
        return found


def draw_comparisons(view: View, analyses: Sequence[Analysis], selection: HeatMapSelection) -> None:
    """Two tabs; only the open one is computed."""
    compared = tabs({"methods": "All methods", "classes": "All classes"}, key="compare")
    if compared["methods"].open:
        with compared["methods"]:
            _draw_row(view, selection, "methods", _methods(view, analyses, selection))
    if compared["classes"].open:
        with compared["classes"]:
            _draw_row(view, selection, "classes", _classes(selection))


def _methods(view: View, analyses: Sequence[Analysis], selection: HeatMapSelection) -> list[Compared]:
    """All that can be done here; those that are not chosen with their usual settings and layer."""
    probe = explorer().model(view.model_key).probe
    return [
        Compared(
            key=each.key,
            title=each.title,
            analysis=each,
            request=selection.request,
            settings=selection.settings if each is selection.analysis else None,
        )
        for each in analyses
        if each.inapplicable(probe, selection.request.head) is None
    ]


def _classes(selection: HeatMapSelection) -> list[Compared]:
    names, scores = selection.answer.class_names, selection.answer.scores
    highest = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
    if len(names) > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the highest scores, of {len(names)}.")
    return [
        Compared(
            key=f"class_{index}",
            title=f"for {names[index]}",
            analysis=selection.analysis,
            request=dataclasses.replace(selection.request, class_index=int(index)),
            settings=selection.settings,
        )
        for index in highest
    ]


def _draw_row(view: View, selection: HeatMapSelection, name: str, compared: Sequence[Compared]) -> None:
    common = choice("Scale", SCALES, key=f"{name}-scale", help=SCALE_HELP) == "common"
    draw = functools.partial(_draw_maps, view, selection, compared, common=common)
    maps = result_or_progress(
        Task(
            slot=name,
            key=hashlib.sha256("".join(each.result_key() for each in compared).encode()).hexdigest(),
            doing="Making the heat maps",
            work=functools.partial(_all_maps, compared),
            result=tuple,
            known=functools.partial(_known_maps, compared),
            preview=lambda found: draw(found or ()),
        )
    )
    if maps is not None:
        draw(maps)
        export_bar(export(view, selection, name, compared, maps, common=common), key=f"{name}-export")


def _all_maps(compared: Sequence[Compared], progress: Progress) -> tuple[AttributionMap, ...]:
    found: list[AttributionMap] = []
    for index, each in enumerate(compared):
        found.append(each.run(_without_preview(progress.part(index, len(compared)))))
        progress((index + 1) / len(compared), tuple(found))
    return tuple(found)


def _without_preview(progress: Progress) -> Progress:
    """A progress that tells only how far it is: a single map is no part of the row before it is done."""
    tell = progress.tell
    return (
        progress if tell is None else dataclasses.replace(progress, tell=lambda share, _: tell(share, None))
    )


def _known_maps(compared: Sequence[Compared]) -> tuple[AttributionMap, ...] | None:
    found = [each.known() for each in compared]
    maps = tuple(each for each in found if each is not None)
    return maps if len(maps) == len(found) else None


def _scales(shown: Sequence[AttributionMap], *, common: bool) -> list[Scale]:
    together = common_scales(shown) if common else {}
    return [together.get(each.layer_name is None, scale_of(each)) for each in shown]


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
    compared: Sequence[Compared],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> None:
    """The maps that are known so far, some in a row."""
    shown = [selection.drawn(each) for each in maps]
    columns = st.columns(min(max(len(compared), 3), PER_ROW), gap="medium")
    rows = zip(compared, shown, _scales(shown, common=common), strict=False)
    for index, (each, attribution, scale) in enumerate(rows):
        with columns[index % len(columns)]:
            pixels = attribution_pixels(view, attribution, selection.opacity, scale=scale)
            st.image(jpeg(pixels), width="stretch", alt=f"Heat map, {each.title}")
            st.markdown(f"**{escape_markdown(each.title)}**")
            st.html(scale_bar_html(scale))


def export(
    view: View,
    selection: HeatMapSelection,
    name: str,
    compared: Sequence[Compared],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> Export:
    """All maps side by side, each with the range of its colours."""
    shown = [selection.drawn(each) for each in maps]
    scales = _scales(shown, common=common)
    ranges = (
        f"{each.title}, {short(scale.low)} to {short(scale.high)}"
        for each, scale in zip(compared, scales, strict=True)
    )
    requests = "".join(f"    ({each.method!r}, {each.layer_name!r}, {each.class_index}),\n" for each in maps)
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
        arrays=lambda: {each.key: found.values for each, found in zip(compared, maps, strict=True)},
        code=snippet_start(view.model_key, view.photo) + "from cnn_core.analyses import analysis_named\n"
        f"from cnn_core.analysis import Request\n\nrequests = [\n{requests}]\n"
        "for method, layer, class_index in requests:\n"
        "    request = Request(\n"
        "        model_key=model, image=image, layer_name=layer,\n"
        f"        head={selection.request.head}, class_index=class_index,\n    )\n"
        "    result = explorer.run(analysis_named(method), request)\n"
        "    print(method, class_index, result.values.sum(), result.score)",
    )
