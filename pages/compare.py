"""Compare: two networks, two epochs or two photos side by side on one scale."""

from __future__ import annotations

import streamlit as st

from cnn_core.prediction import PREDICTION
from dashboard.compare import compare as parts
from dashboard.compare.disagreement import draw_disagreement
from dashboard.compare.sides import choose_sides
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.widgets.evaluation_pictures import follow_chosen_photo
from dashboard.widgets.inputs import box
from dashboard.widgets.network_ready import network_ready
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """A is what the sidebar shows; choose B, see both, and where they disagree over a data set."""
    follow_chosen_photo()
    with network_ready(view, unless_stored=(PREDICTION,)):
        sides = choose_sides(view)
    parts.draw(sides)
    over_set = box("Where they disagree, over a data set", key="disagree-open", icon=":material/rule:")
    if over_set.open:
        with over_set:
            draw_disagreement(*sides)


st.title("Compare")
body(chosen(__file__))
