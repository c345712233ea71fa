"""One channel: the patches that it answers most and least, and what it answers to each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core.activations import ACTIVATIONS
from dashboard.figures.charts.class_response import class_response_figure
from dashboard.figures.colours import fitting_scale, percent, short
from dashboard.figures.pictures.enlarged_map import BAR_SHARE, map_figure
from dashboard.figures.pictures.pictures import jpeg, squared
from dashboard.session.resources import explorer, model_input_pixels
from dashboard.widgets.analysis_view import request_about
from dashboard.widgets.chart import chart
from dashboard.widgets.evaluation_pictures import set_picture, tile_or_reason
from dashboard.widgets.gallery import Captioned, pictures_html
from dashboard.widgets.headings import channel_heading
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.overlay_view import rgb_pixels
from dashboard.widgets.picture_grid import framed_chart
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.neurons.photo_index import Hit, PhotoIndex
    from cnn_core.probe.layer_info import LayerInfo
    from cnn_core.results import LayerActivations
    from dashboard.neurons.questions import LayerFindings
    from dashboard.session.view import View

COLUMNS, PATCH_PX = 8, 150
MOST_CLASSES = 12
MAP_PX = 420


def draw_heading(found: LayerFindings, info: LayerInfo, channel: int) -> None:
    """Which channel, and its figures over the data set."""
    figures = found.figures
    fires = float(figures.images_fire[channel])
    often = "never fires" if fires == 0 else f"fires on {percent(fires)} of the photos"
    places = f", at {percent(float(figures.positions_fire[channel]))} of all places" if info.spatial else ""
    mean, largest = short(float(figures.mean[channel])), short(float(figures.maximum[channel]))
    channel_heading(channel, info, f"{often}{places} · mean {mean} · at most {largest}")


def draw_patches(view: View, index: PhotoIndex, info: LayerInfo, channel: int) -> None:
    """The patches that the channel answers most, one per photo, and the photos that it answers least."""
    with st.spinner("Cutting patches out of the photos"):
        top = _patches(view, index, info, index.top(info.name, channel))
        bottom = _patches(view, index, None, index.bottom(info.name, channel)[:COLUMNS])
    st.html("<b>Where it is strongest</b>" + pictures_html(top, columns=COLUMNS))
    st.html("<b>The photos on which it is weakest</b>" + pictures_html(bottom, columns=COLUMNS))
    st.caption(_patch_words(info))


def _patch_words(info: LayerInfo) -> str:
    field = info.receptive_field
    if field is None or field.whole or not info.spatial:
        return "A unit of this layer sees the whole photo. One patch per photo; beneath it the activation."
    down, across = field.size_px
    return (
        f"Each patch is all that the strongest unit sees, {down} x {across} pixels of what the network gets, "
        "less at the edges of the photo. One patch per photo; beneath it the activation."
    )


def _patches(view: View, index: PhotoIndex, info: LayerInfo | None, hits: Sequence[Hit]) -> list[Captioned]:
    """What a unit of a layer sees, or the whole photo if None; a photo that is gone since is left out.

    So too where a channel is zero at all places, of which none is its strongest.
    """
    drawn, input_px = [], explorer().card(view.model_key).input_px
    for hit in hits:
        path = str(index.data_folder / hit.path)
        field = info.receptive_field if info is not None and info.spatial and hit.value != 0 else None
        box = None if field is None else field.box((hit.y, hit.x), input_px)
        pixels = _patch(view.model_key, path, box)
        caption = f"{index.classes[hit.label]} · {short(hit.value)}"
        if pixels is not None:
            drawn.append(Captioned(jpeg=pixels, alt=f"{hit.path}: {short(hit.value)}", caption=caption))
    return drawn


@st.cache_data(show_spinner=False, max_entries=512)
def _patch(model_key: str, path: str, box: tuple[int, int, int, int] | None) -> bytes | None:
    """A part of a photo as the network gets it, all of it if None; None where it cannot be read."""
    photo = set_picture(path)
    if not isinstance(tile_or_reason(photo), bytes):
        return None
    pixels = rgb_pixels(model_input_pixels(model_key, photo.image()))
    top, left, bottom, right = (0, 0, *pixels.shape[:2]) if box is None else box
    return jpeg(squared(pixels[top:bottom, left:right], PATCH_PX))


def draw_classes(index: PhotoIndex, found: LayerFindings, channel: int) -> None:
    """What it answers to the photos of each class, and how well it tells the class from the others."""
    means, auc = found.figures.class_mean[channel], found.auc[channel]
    order = [int(place) for place in np.argsort(-means, kind="stable")[:MOST_CLASSES]]
    facts = [f"AUC {auc[place]:.2f}" if len(index.classes) > 1 else "" for place in order]
    cut = len(index.classes) > len(order)
    chart(
        class_response_figure(
            [index.classes[place] for place in order],
            [float(means[place]) for place in order],
            facts,
            title=f"The {len(order)} classes it answers most" if cut else "What it answers to each class",
            theme=theme(),
        ),
        key="neuron-classes",
        name=f"channel_{channel}_classes",
        alt=f"Mean activation of channel {channel}: "
        + ", ".join(f"{index.classes[place]} {short(float(means[place]))}" for place in order),
    )
    if len(index.classes) > 1:
        st.caption(
            "AUC: the chance that its largest activation is larger on a photo of this class than on another. "
            "0.5 tells nothing, 0 as much as 1."
        )


def draw_on_photo(view: View, info: LayerInfo, channel: int) -> None:
    """The channel's map on the photo of the sidebar."""
    layer: LayerActivations = explorer().run(ACTIVATIONS, request_about(view, layer_name=info.name))
    values = layer.maps[..., channel]
    height, width = values.shape
    if (height, width) == (1, 1):
        st.markdown(f"On {escape_markdown(view.photo.title)} it answers **{short(float(values[0, 0]))}**.")
        return
    low, high = short(float(values.min())), short(float(values.max()))
    st.markdown(f"On {escape_markdown(view.photo.title)}: {low} to {high}")
    framed_chart(
        map_figure(values, scale=fitting_scale(values), theme=theme()),
        key="neuron-map",
        aspect=BAR_SHARE * width / height,
        alt=f"Map of channel {channel} on {view.photo.title}, {low} to {high}",
        max_width_px=MAP_PX,
    )
