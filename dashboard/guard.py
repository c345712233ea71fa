"""The one place where an error becomes a sentence on the page. A traceback never gets there."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import streamlit as st

from cnn_core.errors import ConvscopeError
from dashboard import address
from dashboard.markdown import literal

P = ParamSpec("P")
R = TypeVar("R")

_LOG = logging.getLogger(__name__)
UNFORESEEN = (
    "This view could not be made because of a mistake in Convscope itself. The log of the server "
    "has the details; everything else goes on working."
)


@contextmanager
def told_errors() -> Iterator[None]:
    """Say what went wrong in a box instead of failing; what was drawn before stays."""
    try:
        yield
    except ConvscopeError as error:
        st.error(literal(str(error), longest=None), icon=":material/error:")
    except Exception:
        log_failure("A page failed")
        st.error(UNFORESEEN, icon=":material/bug_report:")


def log_failure(what: str) -> None:
    """Write the exception that is being handled to the log of the server."""
    _LOG.exception(what)


def live(part: Callable[P, R]) -> Callable[P, R | None]:
    """A part of a page that is redrawn alone when its own widgets change, errors told.

    When it is drawn, the address is brought up to date with what was chosen.
    """

    @st.fragment
    @functools.wraps(part)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        answer = None
        with told_errors():
            answer = part(*args, **kwargs)
        address.write()
        return answer

    return guarded
