"""Heat maps: where a photo speaks for or against a class."""

from __future__ import annotations

import functools

import streamlit as st

from cnn_core import attribution as methods
from cnn_core.prediction import PREDICTION
from dashboard.heat_maps import heat_map as parts
from dashboard.heat_maps.comparisons import draw_comparisons
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.analysis_view import analysis_result
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a method, a class and a layer, see the map over the photo and its values."""
    with network_ready(view, unless_stored=(PREDICTION,)):
        selection = parts.choose(view, methods.METHODS)
    if selection.impossible is not None:
        parts.draw_impossible(view, selection)
        return
    attribution = analysis_result(
        selection.analysis,
        selection.request,
        selection.settings,
        slot="heat-map",
        preview=functools.partial(parts.draw_preview, view, selection),
    )
    if attribution is None:
        return
    over, values = st.columns([1.25, 1], gap="large")
    with over:
        parts.draw_over_photo(view, selection, attribution)
    with values:
        parts.draw_values(view, selection, attribution)
    draw_comparisons(view, methods.METHODS, selection, attribution)


st.title("Heat maps")
body(chosen(__file__))
