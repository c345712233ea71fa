"""What a page looks at: the model and the image that the sidebar has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.session.photos import Photo

_VIEW = "_view"  # session state: what this run of the page looks at


@dataclass(frozen=True, slots=True)
class View:
    """What every page looks at."""

    model_key: str
    photo: Photo


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is missing for a view, and what to do about it."""

    title: str
    advice: str


def look_at(view: View | Nothing) -> None:
    """Hand what the sidebar has chosen to the page of this run."""
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
