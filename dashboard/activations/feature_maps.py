"""The parts of the activations page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from cnn_core.results import LayerActivations
from cnn_core.snippet import snippet
from dashboard.figures.colours import fitting_scale, percent, short
from dashboard.figures.files.page_png import arrays_npz, indexed_pixels, view_png
from dashboard.figures.pictures.channel_grid import channel_grid_figure, grid_aspect, layer_tiling
from dashboard.figures.pictures.enlarged_map import map_figure
from dashboard.figures.pictures.mosaic import channel_mosaic, common_scale
from dashboard.figures.pictures.overlay import fit_to_image, overlay
from dashboard.figures.pictures.pictures import enlarged, jpeg
from dashboard.figures.theme import LIGHT, rgb
from dashboard.widgets.choosers import tabs
from dashboard.widgets.export_bar import export_row, file_name, own_photo_note
from dashboard.widgets.overlay_view import photo_pixels
from dashboard.widgets.picture_grid import clicked_name, framed_chart
from dashboard.widgets.sentences import layer_facts
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.probe.layer_info import LayerInfo
    from dashboard.session.view import View

SCALES = {"own": "Each map", "common": "Common"}
SCALE_HELP = (
    "Each map stretched to its own range, or all maps of the layer on one scale so that they can be compared."
)
MORE = {"depth": "Zeros by depth", "photos": "This channel on other photos", "random": "Random channels"}
BESIDE_PX = 300
BAR_SHARE = 1.16  # width of a square map with its colour bar


def first_choice(infos: Sequence[LayerInfo]) -> str:
    """The layer to start with: the second one with an activation, where edges become visible."""
    active = [info.name for info in infos if info.spatial and info.activation is not None]
    return (active[1:2] or active or [infos[0].name])[0]


def draw_grid(info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool) -> None:
    """All maps of the layer; a click opens one."""
    tiles = layer_tiling(layer)
    framed_chart(
        channel_grid_figure(layer, selected=channel, common=common, theme=theme()),
        key="grid",
        aspect=grid_aspect(tiles),
        alt=f"All {tiles.count} maps of {info.title}, channel {channel} framed. {layer_facts(layer)}",
        on_select=_open_clicked,
    )
    st.caption(_grid_caption(layer, common=common))


def _open_clicked() -> None:
    channel = clicked_name("grid")
    if channel is not None:
        st.session_state["channel"] = channel


def _grid_caption(layer: LayerActivations, *, common: bool) -> str:
    height, width, count = layer.maps.shape
    if common:
        scale = common_scale(layer.maps)
        reach = f"all on one scale, {short(scale.low)} to {short(scale.high)}"
    else:
        reach = "each on its own scale"
    size = f"{height} × {width} each, " if height * width > 1 else ""
    return (
        f"{'All ' if count > 1 else ''}{count} {'maps' if count > 1 else 'map'}, {size}{reach}. "
        f"{layer_facts(layer)}{', drawn grey' if len(layer.blank_channels) else ''}. "
        "Hover for figures, click to open; ← → step through channels, ⇧← ⇧→ through layers."
    )


def draw_opened(view: View, info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool) -> None:
    """The chosen map with its real values, its figures, and the photo beneath it."""
    values = layer.maps[..., channel]
    st.html(
        f"<div><b>Channel {channel}</b> of {html.escape(info.title)} "
        f"<span class='own-name'>{html.escape(info.name)}</span><br>"
        f"<span style='opacity:.72;font-size:.88rem'>{html.escape(_figures(layer, channel))}</span></div>"
    )
    scale = common_scale(layer.maps) if common else fitting_scale(values)
    height, width = values.shape
    framed_chart(
        map_figure(values, scale=scale, theme=theme()),
        key="opened",
        aspect=BAR_SHARE * width / height,
        alt=f"Channel {channel} of {info.title}, {height} by {width} values: {_figures(layer, channel)}",
        max_width_px=620,
    )
    if height * width > 1:
        draw_on_photo(view, info, layer, channel)


def _figures(layer: LayerActivations, channel: int) -> str:
    low, high = float(layer.minimum[channel]), float(layer.maximum[channel])
    if low == high:
        return f"{short(low)} everywhere for this photo"
    return (
        f"{short(low)} to {short(high)} · mean {short(float(layer.mean[channel]))} · "
        f"{percent(float(layer.zero_fraction[channel]))} zeros"
    )


def draw_on_photo(view: View, info: LayerInfo, layer: LayerActivations, channel: int) -> None:
    """The photo, and the map laid over it where its units look."""
    photo = photo_pixels(view)
    large = enlarged(photo, BESIDE_PX)
    plain, covered = st.columns(2, gap="small")
    plain.image(jpeg(large), width="stretch", alt=f"The photo: {view.photo.title}")
    covered.image(
        jpeg(covered_pixels(photo, info, layer.maps[..., channel])),
        width="stretch",
        alt=f"Channel {channel} over the photo",
    )
    low, high = short(float(layer.minimum[channel])), short(float(layer.maximum[channel]))
    st.caption(f"The photo, and the map over it where its units look, {low} to {high}")


def covered_pixels(photo: np.ndarray, info: LayerInfo, values: np.ndarray) -> np.ndarray:
    """A map over the photo, ``(H, W, 3)``."""
    large = enlarged(photo, BESIDE_PX)
    field = info.receptive_field
    whole = (0.0, 0.0, float(photo.shape[0]), float(photo.shape[1]))
    extent = whole if field is None else field.extent((values.shape[0], values.shape[1]))
    stretched = fit_to_image(values, extent, photo.shape[:2], large.shape[:2])
    return overlay(large, stretched, scale=fitting_scale(values), opacity=0.85)


def draw_exports(view: View, info: LayerInfo, layer: LayerActivations, channel: int, *, common: bool) -> None:
    def grid_png() -> bytes:
        tiles = layer_tiling(layer)
        indices, colours = channel_mosaic(layer.maps, tiles, common=common, blank=rgb(LIGHT.blank))
        return view_png(
            indexed_pixels(indices, colours),
            title=f"{info.title}: {tiles.count} maps",
            note=f"{view.photo.title}. {_grid_caption(layer, common=common).split('. Hover')[0]}.",
            scale=common_scale(layer.maps) if common else None,
        )

    export_row(
        file_name(view.model_key, view.photo.title, info.name),
        png=grid_png,
        npz=lambda: arrays_npz(
            maps=layer.maps,
            minimum=layer.minimum,
            maximum=layer.maximum,
            mean=layer.mean,
            zero_fraction=layer.zero_fraction,
        ),
        code=snippet(
            ACTIVATIONS,
            Request(model_key=view.model_key, image=view.photo.image(), layer_name=info.name),
            picture=view.photo.path,
            note=own_photo_note(view.photo),
        )
        + f"print(result.maps.shape, result.sparsity)\nprint(result.maps[..., {channel}].round(2))",
    )


def draw_more(view: View, infos: Sequence[LayerInfo], info: LayerInfo, channel: int) -> None:
    """What else there is to see; only the open tab is computed."""
    from dashboard.activations import tabs as activation_tabs

    more = tabs(MORE, key="more")
    if more["depth"].open:
        with more["depth"]:
            activation_tabs.draw_sparsity(view, infos, info)
    if more["photos"].open:
        with more["photos"]:
            activation_tabs.draw_on_photos(view, info, channel)
    if more["random"].open:
        with more["random"]:
            activation_tabs.draw_random(view, infos)
