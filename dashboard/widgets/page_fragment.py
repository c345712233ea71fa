"""The body of a page: drawn alone when its own widgets change."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from dashboard.session import address
from dashboard.widgets.errors import show_errors
from dashboard.widgets.job_view import begin_page, leave_undrawn
from dashboard.widgets.markdown import escape_markdown

P = ParamSpec("P")
R = TypeVar("R")

LINKED = {
    "model": "a network",
    "photo": "a photo",
    "layer": "a layer",
    "channel": "a channel",
    "method": "a method",
    "class": "a class",
    "run": "a run",
    "eval_split": "a split",
}


def page_fragment(part: Callable[P, R]) -> Callable[P, R | None]:
    """The whole of a page below its title, redrawn alone when its own widgets change, errors told.

    When it is drawn, the address is brought up to date with what was chosen, and jobs that this session
    asked for and no longer sees are left, those of another page among them.
    """

    @st.fragment
    @functools.wraps(part)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        result, notices = None, st.container()
        begin_page()
        with show_errors():
            result = part(*args, **kwargs)
        leave_undrawn()
        address.write()
        with notices:
            _draw_missing()
        return result

    return guarded


def _draw_missing() -> None:
    """Say of what a link named and is not here, that something else is shown."""
    for key, text in address.missing().items():
        if key in LINKED:
            st.warning(
                f"The link names {LINKED[key]} that is not here: **{escape_markdown(text)}**. "
                "Something else is shown in its place.",
                icon=":material/link_off:",
            )
