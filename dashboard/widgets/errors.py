"""The one place where an error becomes a sentence on the page. A traceback never gets there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cnn_core.errors import ConvscopeError
from dashboard.session.state import session
from dashboard.session.unforeseen import UNFORESEEN, log_failure
from dashboard.widgets.markdown import escape_markdown


@contextmanager
def show_errors() -> Iterator[None]:
    """Say what went wrong in a box instead of failing; what was drawn before stays."""
    try:
        yield
    except ConvscopeError as error:
        st.error(escape_markdown(str(error), longest=None), icon=":material/error:")
    except Exception:
        log_failure("A page failed")
        st.error(UNFORESEEN, icon=":material/bug_report:")


@contextmanager
def deferred_errors(slot: str) -> Iterator[None]:
    """Keep what goes wrong in a callback for ``show_deferred_errors``: callbacks draw nothing."""
    session().errors.pop(slot, None)
    try:
        yield
    except ConvscopeError as error:
        session().errors[slot] = str(error)
    except OSError as error:
        log_failure("A file could not be used")
        what = error.strerror or type(error).__name__
        session().errors[slot] = (
            f"Expected a file or folder that can be used. Received: {what}. "
            "Make room on the disk or change the permissions, and try again."
        )
    except Exception:
        log_failure("A button failed")
        session().errors[slot] = UNFORESEEN


def show_deferred_errors(slot: str) -> None:
    """Say what went wrong when the button was pressed."""
    error = session().errors.get(slot)
    if error is not None:
        st.error(escape_markdown(error, longest=None), icon=":material/error:")
