"""The body of a page: drawn alone when its own widgets change."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from dashboard.session import address
from dashboard.widgets.errors import show_errors
from dashboard.widgets.job_view import begin_page, leave_undrawn

P = ParamSpec("P")
R = TypeVar("R")


def page_fragment(part: Callable[P, R]) -> Callable[P, R | None]:
    """The whole of a page below its title, redrawn alone when its own widgets change, errors told.

    When it is drawn, the address is brought up to date with what was chosen, and jobs that this session
    asked for and no longer sees are left, those of another page among them.
    """

    @st.fragment
    @functools.wraps(part)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        result = None
        begin_page()
        with show_errors():
            result = part(*args, **kwargs)
        leave_undrawn()
        address.write()
        return result

    return guarded
