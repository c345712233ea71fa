"""Activations: every map of a layer as one grid, one of them opened."""

from __future__ import annotations

import streamlit as st

from cnn_core.activations import ACTIVATIONS
from cnn_core.analysis import Request
from dashboard.activations import feature_maps as parts
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.choosers import channel_slider, choice, layer_slider
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a layer and a channel, see the grid and the opened map."""
    image = view.photo.image()
    infos = explorer().layers(view.model_key)
    layer_place, channel_place, scale_place = st.columns([5, 5, 3.4], gap="medium")
    with layer_place:
        info = layer_slider(infos, parts.first_choice(infos), arrows="Shift")
    request = Request(model_key=view.model_key, image=image, layer_name=info.name)
    layer = explorer().run(ACTIVATIONS, request)
    with channel_place:
        channel = channel_slider(layer.maps.shape[2])
    with scale_place:
        common = choice("Scale", parts.SCALES, key="scale", help=parts.SCALE_HELP) == "common"

    grid, opened = st.columns([1.72, 1], gap="large")
    with grid:
        parts.draw_grid(info, layer, channel, common=common)
        parts.draw_exports(view, info, layer, channel, common=common)
    with opened:
        parts.draw_opened(view, info, layer, channel, common=common)
    parts.draw_more(view, infos, info, channel)


st.title("Activations")
body(chosen(__file__))
