"""What every page shares: its style, and the choice of model and photo."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.session import address
from dashboard.session.browser_history import one_step_each
from dashboard.session.view import Nothing, View, look_at
from dashboard.widgets.style import page_style


def start_page(title: str, choose: Callable[[], View | Nothing], *, always: bool = False) -> None:
    """Draw what every page shares; stop when there is nothing to look at, unless ``always``."""
    page_style()
    one_step_each()
    address.enter(title)
    view = choose()
    if isinstance(view, Nothing) and not always:
        st.title(view.title)
        st.markdown(view.advice)
        st.stop()
    look_at(view)
