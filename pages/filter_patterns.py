"""Filter patterns: what each filter of a convolution looks for."""

from __future__ import annotations

import streamlit as st

from cnn_core.feature_visualization import FilterPatternSettings
from dashboard.feature_visualization import patterns as parts
from dashboard.feature_visualization.kernels import draw_kernels
from dashboard.feature_visualization.pattern_job import patterns_or_progress
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.choosers import choice, first_choice, layer_slider
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a layer, wait for the climb if it is new, see all patterns and one of them opened."""
    layers = [info for info in explorer().layers(view.model_key) if info.convolution]
    if not layers:
        st.info(parts.NO_CONVOLUTION, icon=":material/info:")
        return
    layer_place, which_place = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with layer_place:
        info = layer_slider(layers, first_choice(layers), arrows="Shift")
    with which_place:
        which = choice("Show", parts.WHICH, key="show", help=parts.WHICH_HELP)
    params = FilterPatternSettings(**parts.settings(FilterPatternSettings))

    patterns = patterns_or_progress(view, info, params)
    if patterns is None:
        parts.draw_meanwhile(view)
    else:
        parts.draw(view, info, params, patterns, which)
        draw_kernels(view)


st.title("Filter patterns")
body(chosen(__file__))
