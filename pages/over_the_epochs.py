"""Over the epochs: what one filter, one photo and one heat map were like while the network learned."""

from __future__ import annotations

import streamlit as st

from dashboard.over_the_epochs import over_the_epochs as parts
from dashboard.session.resources import explorer
from dashboard.session.view import View
from dashboard.sidebar.frame import chosen
from dashboard.sidebar.model_picker import choose_model
from dashboard.widgets.page_fragment import page_fragment


@page_fragment
def body(view: View) -> None:
    """Choose a layer, a channel and a class, wait for what is new, see every epoch that was kept."""
    if not explorer().checkpoints(view.model_key):
        parts.draw_without_epochs(choose_model)
        return
    selection = parts.choose(view)
    if selection is None:
        return
    found = parts.columns_or_progress(selection)
    if found is not None:
        parts.draw(selection, found)


st.title("Over the epochs")
body(chosen(__file__))
