"""Evaluation: how good the network of a run is, and which pictures it answers wrong."""

from __future__ import annotations

import streamlit as st

from dashboard.evaluation.evaluated_set import Network
from dashboard.evaluation.evaluation import draw_evaluation
from dashboard.run_setup.run_picker import choose_run
from dashboard.session.resources import runs
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen_or_none
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View | None) -> None:
    """Choose a run, see its figures and its mistakes."""
    run = choose_run(runs().all())
    if run is not None:
        draw_evaluation(Network(key=run.key, title=run.title, model_key=run.model_key, run=run))


st.title("Evaluation")
body(chosen_or_none(__file__))
