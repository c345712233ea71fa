"""From the sidebar to the page: the style, the choice of model and photo, and the theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard import address
from dashboard.browser_history import one_step_each
from dashboard.figures.theme import Theme, theme_of
from dashboard.job_results import leave
from dashboard.sidebar import Nothing, View
from dashboard.style import page_style

_VIEW = "_view"


def start_page(title: str, choose: Callable[[], View | Nothing], *, always: bool = False) -> None:
    """Draw what every page shares; stop when there is nothing to look at, unless ``always``."""
    page_style()
    one_step_each()
    address.enter(title)
    if title != "Train":
        leave("film")
    view = choose()
    if isinstance(view, Nothing) and not always:
        st.title(view.title)
        st.markdown(view.advice)
        st.stop()
    st.session_state[_VIEW] = view


def chosen(page_file: str) -> View:
    """The model and the photo that the sidebar has chosen in this run.

    Args:
        page_file: the ``__file__`` of the page.
    """
    if _VIEW not in st.session_state:
        _start_over_from_app(Path(page_file).stem)
    view: View = st.session_state.pop(_VIEW)
    return view


def chosen_or_none(page_file: str) -> View | None:
    """As ``chosen``, for a page that works without a model and a photo: None when there is none."""
    view: View | Nothing = chosen(page_file)
    return None if isinstance(view, Nothing) else view


def _start_over_from_app(page_name: str) -> None:
    """Have ``app.py`` run before the page.

    Until somebody calls ``st.navigation`` in a fresh server, Streamlit takes a folder ``pages/`` for
    an app of the old kind, and answers a link to a page with that page's script alone. A page of the
    same address stands in until ``app.py`` runs a moment later.
    """
    stand_ins = [
        st.Page(_nothing, title="Convscope", default=True),
        st.Page(_nothing, title="Convscope", url_path=page_name),
    ]
    st.navigation(stand_ins, position="hidden")
    st.rerun()


def _nothing() -> None:
    """A page without contents."""


def theme() -> Theme:
    """The colours of the theme that the browser shows."""
    return theme_of(st.context.theme.type)
