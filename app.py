"""Convscope: look inside a trained convolutional network. Start it with ``make run``."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.pictures.icon import icon
from dashboard.sidebar.frame import start_page
from dashboard.sidebar.sidebar import sidebar
from dashboard.widgets.errors import told_errors

# In one row while all titles fit, so that every page is named on the first screen.
PAGES = [
    st.Page("pages/overview.py", title="Overview", icon=":material/visibility:", default=True),
    st.Page("pages/activations.py", title="Activations", icon=":material/grid_view:"),
    st.Page("pages/filter_patterns.py", title="Filter patterns", icon=":material/texture:"),
    st.Page("pages/heat_maps.py", title="Heat maps", icon=":material/whatshot:"),
    st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
]

st.set_page_config(page_title="Convscope", page_icon=icon(), layout="wide")
page = st.navigation(PAGES, position="top")
start_page(page.title, sidebar, always=page.title == "Train")  # where there is no network yet, one is made
with told_errors():
    page.run()
