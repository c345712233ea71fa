"""Overview: the answer, what it rests on, and the way through the layers."""

from __future__ import annotations

import streamlit as st

from cnn_core.activations import LAYER_SUMMARIES
from dashboard.overview import overview as parts
from dashboard.overview.answers_table import draw_answers
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.session.warm_up import FIRST_PAGE
from dashboard.sidebar.frame import chosen
from dashboard.widgets.analysis_view import request_about
from dashboard.widgets.export_bar import export_bar
from dashboard.widgets.inputs import box
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """One photo in one view."""
    image = view.photo.image()
    with network_ready(view, unless_stored=FIRST_PAGE), parts.timed(view) as milliseconds:
        answers = explorer().predict(view.model_key, image).heads
        attribution = parts.attribution_or_none(view)
        layers = explorer().run(LAYER_SUMMARIES, request_about(view))

    if len(answers) > 1:
        photo, heads = st.columns([1, 2.2], gap="large")
        with photo:
            parts.draw_photo(view)
        with heads:
            parts.draw_heads(view, answers)
    else:
        photo, heat, answer = st.columns([1, 1, 1.08], gap="large")
        with photo:
            parts.draw_photo(view)
        with heat:
            if attribution is None:
                parts.draw_no_attribution(view)
            else:
                parts.draw_attribution(view, attribution, answers)
        with answer:
            parts.draw_answer(answers[0], attribution, milliseconds())
    parts.draw_strip(view, layers)
    export_bar(parts.export(view, answers, attribution))
    table = box("Answers to all photos", key="table-open", icon=":material/table_view:")
    if table.open:
        with table:
            draw_answers(view)


st.title("What the network sees")
body(chosen(__file__))
