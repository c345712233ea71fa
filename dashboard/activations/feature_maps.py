"""The parts of the activations page: all maps of a layer as one grid, one of them opened."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.named_arrays import named_arrays
from cnn_core.results import LayerActivations
from dashboard.figures.charts.charts import units_figure
from dashboard.figures.colours import fitting_scale, percent, short
from dashboard.figures.pictures.channel_grid import channel_grid_figure, layer_mosaic, layer_tiling
from dashboard.figures.pictures.enlarged_map import BAR_SHARE, map_figure
from dashboard.figures.pictures.pictures import enlarged, jpeg
from dashboard.session.resources import explorer
from dashboard.widgets.analysis_view import code_of, request_about
from dashboard.widgets.chart import chart
from dashboard.widgets.export_bar import Export, file_name
from dashboard.widgets.headings import channel_heading
from dashboard.widgets.overlay_view import map_over_photo, photo_pixels
from dashboard.widgets.picture_grid import framed_chart, open_clicked, picture_grid
from dashboard.widgets.sentences import layer_facts, span_text
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

SCALES = {"own": "Each map", "common": "Common"}
SCALE_HELP = (
    "Each map stretched to its own range, or all maps of the layer on one scale so that they can be compared."
)
MORE = {
    "depth": "Zeros by depth",
    "photos": "This channel on other photos",
    "random": "Random channels",
    "blocks": "Block by block",
}
BESIDE_PX = 300
OPACITY = 0.85


def first_choice(infos: Sequence[LayerInfo]) -> str:
    """The layer to start with: the second one with an activation, where edges become visible."""
    active = [info.name for info in infos if info.spatial and info.activation is not None]
    return (active[1:2] or active or [infos[0].name])[0]


def draw_grid(view: View, info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool) -> None:
    """All maps of the layer, or a bar per unit of a layer without maps; a click opens one."""
    if is_vector(layer):
        _draw_units(view, info, layer, channel)
        return
    tiles = layer_tiling(layer)
    picture_grid(
        channel_grid_figure(layer, selected=channel, common=common, theme=theme()),
        tiles,
        key="grid",
        alt=f"All {tiles.count} maps of {info.title}, channel {channel} framed. {layer_facts(layer)}",
        opens="channel",
    )
    st.caption(
        f"{_grid_text(layer, common=common)} "
        "Hover for figures, click to open; ← → step through channels, ⇧← ⇧→ through layers."
    )


def is_vector(layer: LayerActivations) -> bool:
    """Whether each channel is one number and no map."""
    return layer.shape[:2] == (1, 1)


def _draw_units(view: View, info: LayerInfo, layer: LayerActivations, channel: int) -> None:
    values = layer.maps[0, 0]
    chart(
        units_figure(values, _class_names(view, info, len(values)), selected=channel, theme=theme()),
        key="units",
        name=file_name(view.model_key, view.photo.title, info.name),
        alt=f"A bar for each of the {len(values)} units of {info.title}: {span_text(values)}",
        on_select=functools.partial(open_clicked, "units", "channel"),
    )
    count = "One unit, one number" if len(values) == 1 else f"{len(values)} units, a number each"
    st.caption(f"{count}: this layer has no maps, so it no longer says where.")


def _class_names(view: View, info: LayerInfo, count: int) -> tuple[str, ...] | None:
    """The classes that the units of a layer stand for, or None; one unit of two classes says the second."""
    head = next((head for head in explorer().heads(view.model_key) if head.name == info.name), None)
    if head is None:
        return None
    names = head.class_names[-1:] if head.kind == "binary" and count == 1 else head.class_names
    return names if len(names) == count else None


def _grid_text(layer: LayerActivations, *, common: bool) -> str:
    height, width, count = layer.shape
    reach = "each on its own scale"
    if common:
        scale = fitting_scale(layer.maps)
        reach = f"all on one scale, {short(scale.low)} to {short(scale.high)}"
    size = f"{height} × {width} each, " if height * width > 1 else ""
    return (
        f"{'All ' if count > 1 else ''}{count} {'maps' if count > 1 else 'map'}, {size}{reach}. "
        f"{layer_facts(layer)}{', drawn grey' if len(layer.blank_channels) else ''}."
    )


def draw_opened(view: View, info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool) -> None:
    """The chosen map with its real values, its figures, and the photo beneath it."""
    values = layer.maps[..., channel]
    height, width = values.shape
    figures = _figures(layer, channel)
    channel_heading(channel, info, figures)
    if is_vector(layer):
        return
    scale = fitting_scale(layer.maps) if common else fitting_scale(values)
    framed_chart(
        map_figure(values, scale=scale, theme=theme()),
        key="opened",
        aspect=BAR_SHARE * width / height,
        alt=f"Channel {channel} of {info.title}, {height} by {width} values: {figures}",
        max_width_px=620,
    )
    _draw_on_photo(view, info, layer, channel)


def _figures(layer: LayerActivations, channel: int) -> str:
    low, high = float(layer.minimum[channel]), float(layer.maximum[channel])
    if low == high:
        return f"{short(low)} everywhere for this photo"
    return (
        f"{short(low)} to {short(high)} · mean {short(float(layer.mean[channel]))} · "
        f"{percent(float(layer.zero_fraction[channel]))} zeros"
    )


def _draw_on_photo(view: View, info: LayerInfo, layer: LayerActivations, channel: int) -> None:
    """The photo, and the map laid over it where its units look."""
    photo, values = photo_pixels(view), layer.maps[..., channel]
    field = info.receptive_field
    whole = (0.0, 0.0, float(photo.shape[0]), float(photo.shape[1]))
    extent = whole if field is None else field.extent((values.shape[0], values.shape[1]))
    covered = map_over_photo(
        photo, values, extent, scale=fitting_scale(values), opacity=OPACITY, side_px=BESIDE_PX
    )
    pictures = {
        f"The photo: {view.photo.title}": enlarged(photo, BESIDE_PX),
        f"Channel {channel} over the photo": covered,
    }
    for column, (alt, pixels) in zip(st.columns(2, gap="small"), pictures.items(), strict=True):
        column.image(jpeg(pixels), width="stretch", alt=alt)
    low, high = short(float(layer.minimum[channel])), short(float(layer.maximum[channel]))
    st.caption(f"The photo, and the map over it where its units look, {low} to {high}")


def grid_export(
    view: View, info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool
) -> Export:
    """The grid as it is drawn, with all maps of the layer."""
    tiles = layer_tiling(layer)
    return Export(
        name=file_name(view.model_key, view.photo.title, info.name),
        title=f"{info.title}: {tiles.count} maps",
        note=f"{view.photo.title}. {_grid_text(layer, common=common)}",
        image=None if is_vector(layer) else lambda: layer_mosaic(layer, common=common),
        scale=fitting_scale(layer.maps) if common else None,
        arrays=lambda: named_arrays(layer),
        code=code_of(view, ACTIVATIONS, request_about(view, layer_name=info.name))
        + f"print(result.maps.shape, result.sparsity)\nprint(result.maps[..., {channel}].round(2))",
        drawing="" if is_vector(layer) else _grid_drawing(common=common),
    )


def _grid_drawing(*, common: bool) -> str:
    lines = (
        "from dashboard.figures.pictures.channel_grid import layer_mosaic\n"
        f"picture = layer_mosaic(result, common={common})\n"
    )
    if common:
        lines += "from dashboard.figures.colours import fitting_scale\nscale = fitting_scale(result.maps)\n"
    return lines
