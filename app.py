"""Convscope: look inside a trained convolutional network. Start it with ``make run``."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.figures.pictures.icon import icon
from dashboard.sidebar.frame import start_page
from dashboard.sidebar.page_bar import PageEntry
from dashboard.sidebar.sidebar import sidebar
from dashboard.widgets.errors import show_errors

PAGES = (
    PageEntry("Look", "overview", "Overview"),
    PageEntry("Look", "architecture", "Architecture"),
    PageEntry("Understand", "activations", "Activations"),
    PageEntry("Understand", "filter_patterns", "Filter patterns"),
    PageEntry("Understand", "heat_maps", "Heat maps"),
    PageEntry("Understand", "neurons", "Neurons"),
    PageEntry("Understand", "compare", "Compare"),
    PageEntry("Training", "train", "Train", needs_view=False),  # where there is no network yet, one is made
    PageEntry("Training", "evaluation", "Evaluation", needs_view=False),
    PageEntry("Training", "runs", "Runs", needs_view=False),
    PageEntry("Training", "over_the_epochs", "Over the epochs"),
)

st.set_page_config(page_title="Convscope", page_icon=icon(), layout="wide")
pages = {entry.page(first=entry is PAGES[0]): entry for entry in PAGES}
groups: dict[str, list[StreamlitPage]] = {}
for entry_page, entry in pages.items():
    groups.setdefault(entry.group, []).append(entry_page)
page = st.navigation(groups, position="hidden")  # the bar of pages names them instead
start_page(PAGES, pages[page], sidebar)
with show_errors():
    page.run()
