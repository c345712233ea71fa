"""Runs: some of them side by side."""

from __future__ import annotations

import streamlit as st

from dashboard.run_comparison.comparison import draw_comparison
from dashboard.session.resources import runs
from dashboard.sidebar.frame import chosen_or_none
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body() -> None:
    """Choose runs, see their curves, figures and settings."""
    draw_comparison(runs().all())


st.title("Runs")
chosen_or_none(__file__)
body()
