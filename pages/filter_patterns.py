"""Filter patterns: what each filter of a convolution looks for."""

from __future__ import annotations

import functools

import streamlit as st

from cnn_core.analysis import Request
from cnn_core.feature_visualization import FILTER_PATTERNS, strongest_patterns
from cnn_core.targets import fitting_layers
from dashboard.feature_visualization import patterns as parts
from dashboard.feature_visualization.block_patterns import draw_block_patterns
from dashboard.feature_visualization.kernels import draw_kernels
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets import first_words
from dashboard.widgets.analysis_view import analysis_result, draw_summary
from dashboard.widgets.choosers import first_choice, layer_slider
from dashboard.widgets.form import SettingsForm
from dashboard.widgets.inputs import choice
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a layer, wait for its patterns if they are new, see all of them and one opened."""
    with network_ready(view, unless_stored=()):
        outline = explorer().outline(view.model_key)
    reason = FILTER_PATTERNS.inapplicable(outline, 0)
    if reason is not None:
        st.info(reason, icon=":material/info:")
        return
    layers = fitting_layers(FILTER_PATTERNS, outline)
    layer_place, which_place = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with layer_place:
        info = layer_slider(layers, first_choice(layers), arrows="shift")
    with which_place:
        which = choice("Show", parts.WHICH, key="show", help=parts.WHICH_HELP)
    draw_summary(FILTER_PATTERNS, first_words.PATTERNS)
    settings = SettingsForm(FILTER_PATTERNS.settings(), f"{FILTER_PATTERNS.key}_").draw()

    request = Request(model_key=view.model_key, layer_name=info.name)
    analysis = parts.analysis_for(which, info, request, settings)
    preview = functools.partial(parts.draw_preview, which)
    patterns = analysis_result(analysis, request, settings, slot="layer", preview=preview)
    if patterns is None:
        parts.draw_meanwhile(view)
        return
    parts.draw(
        parts.PatternsOfLayer(
            view=view,
            info=info,
            analysis=analysis,
            request=request,
            settings=settings,
            patterns=patterns,
            shown=strongest_patterns(patterns) if which == "strongest" else patterns,
        )
    )
    draw_block_patterns(view, layers)
    draw_kernels(view)


st.title("Filter patterns")
body(chosen(__file__))
