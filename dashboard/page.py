"""From the sidebar to the page: the style, the choice of model and photo, and the theme."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import streamlit as st

from dashboard import address
from dashboard.figures.theme import Theme, theme_of
from dashboard.sidebar import View
from dashboard.style import page_style

_VIEW = "_view"


def start_page(title: str, choose: Callable[[], View | None]) -> None:
    """Draw what every page shares; stop when there is nothing to look at."""
    page_style()
    address.enter(title)
    view = choose()
    if view is None:
        st.title("No network to look into")
        st.markdown("Restore the folder `models/cats_dogs`, or train a network, and reload this page.")
        st.stop()
    st.session_state[_VIEW] = view


def chosen() -> View:
    """The model and the photo that the sidebar has chosen."""
    if _VIEW not in st.session_state:
        _start_over_from_app()
    view: View = st.session_state[_VIEW]
    return view


def _start_over_from_app() -> None:
    """Have ``app.py`` run before the page.

    Until somebody calls ``st.navigation`` in a fresh server, Streamlit takes a folder ``pages/`` for
    an app of the old kind, and answers a link to a page with that page's script alone. A page of the
    same address stands in until ``app.py`` runs a moment later.
    """
    name = urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2]
    stand_ins = [st.Page(_nothing, title="Convscope", default=True)]
    if name:
        stand_ins.append(st.Page(_nothing, title="Convscope", url_path=name))
    st.navigation(stand_ins, position="hidden")
    st.rerun()


def _nothing() -> None:
    """A page without contents."""


def theme() -> Theme:
    """The colours of the theme that the browser shows."""
    return theme_of(st.context.theme.type)
