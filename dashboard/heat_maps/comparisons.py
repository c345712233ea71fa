"""The same request to all methods, classes, layers or photos, side by side."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.analyses import analysis_named
from cnn_core.results import AttributionMap, HeadAnswer
from cnn_core.snippet import Call, snippet
from cnn_core.targets import fitting_layers
from dashboard.figures.colours import Scale, short
from dashboard.figures.pictures.overlay import overlay_scale
from dashboard.figures.pictures.pattern_grid import row_pixels
from dashboard.figures.pictures.pictures import jpeg
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.heat_maps.channels import draw_channels
from dashboard.heat_maps.edit import draw_edit
from dashboard.heat_maps.tournament import draw_tournament
from dashboard.session.photos import all_photos
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.widgets.analysis_view import row_of_results
from dashboard.widgets.export_bar import Export, export_bar, file_name, own_photo_note
from dashboard.widgets.inputs import choice, tabs
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import (
    attribution_pixels,
    evidence_strength,
    in_class_colours,
    photo_code,
    scale_of,
)

if TYPE_CHECKING:
    from cnn_core.analysis import Analysis
    from dashboard.heat_maps.heat_map import HeatMapSelection

MOST_CLASSES, MOST_LAYERS, MOST_PHOTOS = 6, 8, 8
PER_ROW = 4
SCALES = {"own": "Each map", "common": "Common"}
SCALE_HELP = (
    "Each map stretched to its own range, or those of one unit on one scale, so that they can be compared. "
    "Maps of the photo itself have another unit than maps of a layer, and some methods have none."
)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One map of a comparison: the photo that it lies on, what is asked, and what the network answers."""

    view: View
    call: Call
    answer: HeadAnswer


def draw_comparisons(
    view: View, analyses: Sequence[Analysis], selection: HeatMapSelection, attribution: AttributionMap
) -> None:
    """A tab for each comparison, and one to edit the photo; only the open one is computed."""
    rows = {
        "methods": lambda: _methods(view, analyses, selection),
        "classes": lambda: _classes(view, selection),
        "layers": lambda: _layers(view, selection),
        "photos": lambda: _photos(view, selection),
    }
    titles = {name: f"All {name}" for name in rows} | {"channels": "Channels"}
    if selection.analysis.needs_layer is None:
        del titles["layers"], titles["channels"]
    titles |= {"tournament": "Tournament", "edit": "Edit and retest"}
    edit = functools.partial(draw_edit, attribution=attribution)
    others = {"channels": draw_channels, "tournament": draw_tournament, "edit": edit}
    for name, tab in tabs(titles, key="compare").items():
        if tab.open:
            with tab:
                if name in others:
                    others[name](view, selection)
                else:
                    _draw_row(view, selection, name, rows[name]())


def _methods(view: View, analyses: Sequence[Analysis], selection: HeatMapSelection) -> dict[str, Compared]:
    """All that can be done here, by title, on the chosen layer where it fits; others with usual settings."""
    outline, asked = explorer().outline(view.model_key), selection.request
    usual = dataclasses.replace(asked, layer_name=None)
    names = {each.key: [info.name for info in fitting_layers(each, outline)] for each in analyses}
    return {
        each.title: Compared(
            view,
            Call(
                analysis=each,
                request=asked if asked.layer_name in names[each.key] else usual,
                settings=selection.settings if each is selection.analysis else None,
                picture=view.photo.path,
            ),
            selection.answer,
        )
        for each in analyses
        if each.inapplicable(outline, asked.head) is None
    }


def _classes(view: View, selection: HeatMapSelection) -> dict[str, Compared]:
    names, scores = selection.answer.class_names, selection.answer.scores
    highest = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
    if len(names) > MOST_CLASSES:
        st.caption(f"The {MOST_CLASSES} classes with the highest scores, of {len(names)}.")
    return {
        f"for {names[index]}": Compared(
            view,
            Call(
                analysis=selection.analysis,
                request=dataclasses.replace(selection.request, class_index=int(index)),
                settings=selection.settings,
                picture=view.photo.path,
            ),
            selection.answer,
        )
        for index in highest
    }


def _layers(view: View, selection: HeatMapSelection) -> dict[str, Compared]:
    """The same method at layers from the first to the last, each as large as a map is."""
    layers = [
        info
        for info in fitting_layers(selection.analysis, explorer().outline(view.model_key))
        if info.spatial and (info.convolution or info.activation is not None)
    ]
    picked = np.unique(np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int))
    return {
        layers[index].title: Compared(
            view,
            Call(
                analysis=selection.analysis,
                request=dataclasses.replace(selection.request, layer_name=layers[index].name),
                settings=selection.settings,
                picture=view.photo.path,
            ),
            selection.answer,
        )
        for index in picked
    }


def _photos(view: View, selection: HeatMapSelection) -> dict[str, Compared]:
    """The same question to the photos of the sidebar, the chosen one first."""
    others = [photo for photo in all_photos(view.model_key).values() if photo.key != view.photo.key]
    found: dict[str, Compared] = {}
    for photo in (view.photo, *others)[:MOST_PHOTOS]:
        request = dataclasses.replace(selection.request, image=photo.image())
        call = Call(
            analysis=selection.analysis, request=request, settings=selection.settings, picture=photo.path
        )
        title = photo.title if photo.title not in found else f"{photo.title} ({len(found)})"
        answer = explorer().predict(view.model_key, photo.image()).heads[request.head]
        found[title] = Compared(View(view.model_key, photo), call, answer)
    return found


def _draw_row(view: View, selection: HeatMapSelection, name: str, compared: Mapping[str, Compared]) -> None:
    common = choice("Scale", SCALES, key=f"{name}-scale", help=SCALE_HELP) == "common"
    draw = functools.partial(_draw_maps, selection, compared, common=common)
    calls = tuple(each.call for each in compared.values())
    maps = row_of_results(calls, slot=name, doing="Making the heat maps", preview=draw)
    if maps is not None:
        draw(maps)
        export_bar(export(view, selection, name, compared, maps, common=common), key=f"{name}-export")


def _scales(
    compared: Mapping[str, Compared], shown: Sequence[AttributionMap], *, common: bool
) -> list[Scale]:
    """The colours of the maps that are known so far."""
    own = common_scales(shown) if common else [scale_of(each, ()) for each in shown]
    return [
        in_class_colours(scale, each, names).faded(strength)
        for scale, each, (names, strength) in zip(own, shown, _looks(compared, common=common), strict=False)
    ]


def _looks(compared: Mapping[str, Compared], *, common: bool) -> list[tuple[tuple[str, ...], float]]:
    """Names of the classes and strength of the colours of each map; on one scale that of the surest."""
    looks = [(each.answer.class_names, evidence_strength(each.answer)) for each in compared.values()]
    surest = max(strength for _, strength in looks)
    return [(names, surest if common else strength) for names, strength in looks]


def common_scales(shown: Sequence[AttributionMap]) -> list[Scale]:
    """For each map a scale that it shares with all maps of its unit, or of its method if it has no unit.

    Args:
        shown: the maps as they are drawn.
    """
    groups = [analysis_named(each.method).unit or each.method for each in shown]
    scales = {}
    for group in set(groups):
        alike = [each for each, own in zip(shown, groups, strict=True) if own == group]
        values = np.concatenate([each.values.ravel() for each in alike])
        scales[group] = overlay_scale(values, signed=any(each.signed for each in alike))
    return [scales[group] for group in groups]


def _draw_maps(
    selection: HeatMapSelection,
    compared: Mapping[str, Compared],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> None:
    """The maps that are known so far, some in a row."""
    shown = [selection.drawn(each) for each in maps]
    columns = st.columns(min(max(len(compared), 3), PER_ROW), gap="medium")
    rows = zip(compared.items(), shown, _scales(compared, shown, common=common), strict=False)
    for index, ((title, asked), attribution, scale) in enumerate(rows):
        with columns[index % len(columns)]:
            pixels = attribution_pixels(asked.view, attribution, selection.opacity, scale=scale)
            st.image(jpeg(pixels), width="stretch", alt=f"Heat map, {title}")
            st.markdown(f"**{escape_markdown(title)}**")
            st.html(scale_bar_html(scale, **selection.ends(attribution)))


def export(
    view: View,
    selection: HeatMapSelection,
    name: str,
    compared: Mapping[str, Compared],
    maps: Sequence[AttributionMap],
    *,
    common: bool,
) -> Export:
    """All maps side by side, each with the range of its colours."""
    shown = [selection.drawn(each) for each in maps]
    scales = _scales(compared, shown, common=common)
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
                attribution_pixels(asked.view, each, selection.opacity, scale=scale)
                for asked, each, scale in zip(compared.values(), shown, scales, strict=True)
            ],
            min(len(shown), PER_ROW),
        ),
        arrays=lambda: {
            f"{index:02d}_{each.method}_class_{each.class_index}": each.values
            for index, each in enumerate(maps)
        },
        code=snippet([asked.call for asked in compared.values()], note=own_photo_note(view.photo))
        + "for result in results:\n"
        "    print(result.method, result.class_index, result.values.sum(), result.score)",
        drawing="from dashboard.figures.pictures.pattern_grid import row_pixels\n"
        "from dashboard.widgets.overlay_view import map_over_photo\n"
        f"{_photos_code(compared)}{selection.drawing_imports}"
        f"shown = [{selection.drawn_code('result')} for result in results]\n"
        f"{_scales_code(compared, common=common)}"
        "pictures = [\n"
        f"    map_over_photo(photo, one.values, one.extent, scale=own, opacity={selection.opacity!r})\n"
        "    for photo, one, own in zip(photos, shown, scales)\n"
        "]\n"
        f"picture = row_pixels(pictures, {min(len(shown), PER_ROW)})\n",
    )


def _scales_code(compared: Mapping[str, Compared], *, common: bool) -> str:
    asked = _looks(compared, common=common)
    return (
        "from dashboard.widgets.overlay_view import in_class_colours\n"
        + ("from dashboard.heat_maps.comparisons import common_scales\n" if common else "")
        + ("" if common else "from dashboard.widgets.overlay_view import scale_of\n")
        + f"own = {'common_scales(shown)' if common else '[scale_of(one, ()) for one in shown]'}\n"
        + f"answers = {asked!r}  # names of the classes, strength of the colours\n"
        "scales = [\n"
        "    in_class_colours(scale, one, names).faded(strength)\n"
        "    for scale, one, (names, strength) in zip(own, shown, answers)\n"
        "]\n"
    )


def _photos_code(compared: Mapping[str, Compared]) -> str:
    """Python for ``photos``, the one beneath each map."""
    views = {each.view: each.call.picture for each in compared.values()}
    if len(views) == 1:
        return f"{photo_code(next(iter(views)))}photos = [photo] * len(results)\n"
    read = (
        f"image = open_image({picture!r})\n{photo_code(view)}photos.append(photo)\n"
        for view, picture in views.items()
    )
    return "photos = []\n" + "".join(read)
