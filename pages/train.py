"""Train: from a folder of photos to a network of one's own."""

from __future__ import annotations

import streamlit as st

from dashboard import train_sections as sections
from dashboard.guard import live
from dashboard.session.view import View, chosen_or_none


@live
def body(view: View | None) -> None:
    """Choose a section and draw it."""
    sections.follow_launch()
    section = sections.choose_section()
    if section == "data":
        sections.draw_data()
    elif section == "augmentation":
        sections.draw_augmentation(view)
    elif section == "settings":
        sections.draw_settings()
    elif section == "compare":
        sections.draw_comparison()
    else:
        sections.draw_run(section, view)


st.title("Train")
body(chosen_or_none(__file__))
