"""Heat maps: where a photo speaks for or against a class."""

from __future__ import annotations

import streamlit as st

from cnn_core import attribution as methods
from dashboard.heat_maps import heat_map as parts
from dashboard.heat_maps.comparisons import draw_comparisons
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a method, a class and a layer, see the map over the photo and its values."""
    image = view.photo.image()
    question = parts.choose(view, methods.METHODS)
    if not question.possible:
        parts.draw_impossible(view, question)
        return
    attribution = explorer().attribution(
        view.model_key,
        image,
        question.method.key,
        layer_name=question.layer_name,
        head=question.head,
        class_index=question.class_index,
        params=question.params,
    )
    over, values = st.columns([1.25, 1], gap="large")
    with over:
        parts.draw_over_photo(view, question, attribution)
    with values:
        parts.draw_values(view, question, attribution)
    draw_comparisons(view, methods.METHODS, question)


st.title("Heat maps")
body(chosen(__file__))
