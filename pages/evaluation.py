"""Evaluation: how good a network is, and which pictures it answers wrong."""

from __future__ import annotations

import streamlit as st

from dashboard.evaluation.evaluation import draw_evaluation
from dashboard.evaluation.network_choice import choose_network
from dashboard.session.resources import runs
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen_or_none
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View | None) -> None:
    """Choose a network and pictures, see its figures and its mistakes."""
    network = choose_network(None if view is None else view.model_key, runs().all())
    if network is not None:
        draw_evaluation(network)


st.title("Evaluation")
body(chosen_or_none(__file__))
