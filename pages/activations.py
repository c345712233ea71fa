"""Activations: every map of a layer as one grid, one of them opened."""

from __future__ import annotations

import streamlit as st

from cnn_core.activations import ACTIVATIONS
from dashboard.activations import feature_maps as parts
from dashboard.activations import tabs as more_parts
from dashboard.activations.block_maps import draw_block_maps
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets import first_words
from dashboard.widgets.analysis_view import draw_summary
from dashboard.widgets.choosers import channel_slider, layer_slider
from dashboard.widgets.export_bar import export_bar
from dashboard.widgets.inputs import choice, tabs
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a layer and a channel, see the grid and the opened map."""
    with network_ready(view):
        infos = explorer().layers(view.model_key)
    layer_place, channel_place, scale_place = st.columns([5, 5, 3.4], gap="medium")
    with layer_place:
        info = layer_slider(infos, parts.first_choice(infos), arrows="shift")
    layer = more_parts.layer_of(view, info, view.photo.image())
    with channel_place:
        channel = channel_slider(layer.channel_count)
    with scale_place:
        common = choice("Scale", parts.SCALES, key="scale", help=parts.SCALE_HELP) == "common"

    draw_summary(ACTIVATIONS, first_words.LAYERS)
    grid, opened = st.columns([1.72, 1], gap="large")
    with grid:
        parts.draw_grid(view, info, layer, channel, common=common)
        export_bar(parts.grid_export(view, info, layer, channel, common=common))
    with opened:
        parts.draw_opened(view, info, layer, channel, common=common)

    more = tabs(parts.MORE, key="more")  # only the open one is computed
    if more["depth"].open:
        with more["depth"]:
            more_parts.draw_sparsity(view, infos, info)
    if more["photos"].open:
        with more["photos"]:
            more_parts.draw_on_photos(view, info, channel)
    if more["random"].open:
        with more["random"]:
            more_parts.draw_random(view, infos)
    if more["blocks"].open:
        with more["blocks"]:
            draw_block_maps(view, infos)


st.title("Activations")
body(chosen(__file__))
