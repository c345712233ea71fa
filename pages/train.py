"""Train: from a folder of photos to a network of one's own."""

from __future__ import annotations

import streamlit as st

from dashboard.session.state import session
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen_or_none
from dashboard.widgets.inputs import choice
from dashboard.widgets.page_fragment import page_fragment

SECTIONS = {
    "data": ":material/photo_library: Data",
    "augmentation": ":material/auto_awesome_motion: Augmentation",
    "settings": ":material/tune: Settings",
    "progress": ":material/monitoring: Progress",
}


def choose_section() -> str:
    """The row of sections; the chosen one is in the address."""
    return choice("Section", SECTIONS, key="section", label_visibility="collapsed")


def draw(section: str, view: View | None) -> None:
    """Draw a section; what it needs is imported here, for the sections before it do without."""
    if section == "data":
        from dashboard.training.data import draw_data

        draw_data()
    elif section == "augmentation":
        from dashboard.training.augmentation import draw_augmentation

        draw_augmentation(view)
    elif section == "settings":
        from dashboard.training.settings import draw_settings

        draw_settings()
    else:
        from dashboard.training.progress import draw_progress

        draw_progress()


@page_fragment
def body(view: View | None) -> None:
    """Choose a section and draw it."""
    if session().sidebar_behind:
        session().sidebar_behind = False
        st.rerun()  # the sidebar names what was chosen or started here
    draw(choose_section(), view)


st.title("Train")
body(chosen_or_none(__file__))
