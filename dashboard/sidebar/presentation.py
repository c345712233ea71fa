"""For a projector: the page without its sidebar, in larger letters, and back, by one key."""

from __future__ import annotations

import streamlit as st

from dashboard.session.state import session

KEY = "present"
LARGER = """
<style>
html { font-size: 125%; }
section[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
</style>
"""


def presentation_button() -> None:
    """Draw the button, and what it has switched on."""
    st.button(
        ":material/present_to_all:",
        key=KEY,
        shortcut="P",
        help="Presentation: larger letters, no sidebar; once more for the way back.",
        on_click=_switch,
        type="tertiary",
    )
    if session().presents:
        st.html(LARGER)


def _switch() -> None:
    session().presents = not session().presents
