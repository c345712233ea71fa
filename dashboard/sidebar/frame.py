"""What every page shares: its style, the names of all pages, and the choice of model and photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from dashboard.session import address
from dashboard.session.browser_history import one_step_each
from dashboard.session.state import session
from dashboard.session.view import Nothing, View
from dashboard.sidebar.arrow_keys import arrow_keys
from dashboard.sidebar.page_bar import PageEntry, page_bar
from dashboard.widgets.job_view import leave_all
from dashboard.widgets.style import page_style


def start_page(
    entries: Sequence[PageEntry], current: PageEntry, choose: Callable[[], View | Nothing]
) -> None:
    """Draw what every page shares; stop when there is nothing to look at on a page that needs it."""
    page_style()
    if session().page != current.name:
        leave_all()  # here, since a page that stops early never comes to its end
    address.enter(current.name)
    page_bar(entries, current)
    one_step_each()
    arrow_keys()
    view = choose()
    if isinstance(view, Nothing) and current.needs_view:
        st.title(view.title)
        st.markdown(view.advice)
        st.stop()
    session().view = view


def chosen(page_file: str) -> View:
    """The model and the photo that the sidebar has chosen in this run, for a page that needs them.

    Args:
        page_file: the ``__file__`` of the page.
    """
    view = _chosen(page_file)
    if isinstance(view, Nothing):
        st.stop()
    return view


def chosen_or_none(page_file: str) -> View | None:
    """As ``chosen``, for a page that works without a model and a photo: None when there is none."""
    view = _chosen(page_file)
    return None if isinstance(view, Nothing) else view


def _chosen(page_file: str) -> View | Nothing:
    held = session()
    view, held.view = held.view, None
    return _start_over_from_app(Path(page_file).stem) if view is None else view


def _start_over_from_app(page_name: str) -> Nothing:
    """Have ``app.py`` run before the page.

    Until somebody calls ``st.navigation`` in a fresh server, Streamlit takes a folder ``pages/`` for
    an app of the old kind, and answers a link to a page with that page's script alone. A page of the
    same address stands in until ``app.py`` runs a moment later.
    """
    stand_ins = [
        st.Page(_no_page, title="Convscope", default=True),
        st.Page(_no_page, title="Convscope", url_path=page_name),
    ]
    st.navigation(stand_ins, position="hidden")
    st.rerun()


def _no_page() -> None:
    """A page without contents."""
