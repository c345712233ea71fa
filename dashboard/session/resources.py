"""What all sessions share: the explorer with its models and results, the runs, the jobs.

Everything here is bounded. The framework loads beside the pages, which show what is stored without it.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core import open_explorer, paths
from cnn_core.framework import after_import, backend
from cnn_core.images.decode import RgbImage
from dashboard.session.unforeseen import log_failure

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer
    from cnn_core.runs.runs import Runs
    from dashboard.session.jobs import Jobs


# Importing the framework takes the interpreter from the page, which needs it to draw what is stored. Whoever
# asks for more before that has it imported at once.
HEAD_START_SECONDS = 3.0


@st.cache_resource(show_spinner=False, max_entries=1)
def explorer() -> Explorer:
    """The front door to the library, one for all sessions; the framework is imported beside it."""
    import_module("pandas")  # which the framework imports, and Plotly uses though it be half imported
    after_import(_framework_imported)
    threading.Thread(target=_import_framework, name="convscope-framework", daemon=True).start()
    return open_explorer()


_framework_ready = threading.Event()


def framework_ready(timeout_seconds: float = 0.0) -> bool:
    """Whether networks can be asked without waiting for the framework, or can be after at most so long."""
    return _framework_ready.wait(timeout_seconds)


def _import_framework() -> None:
    time.sleep(HEAD_START_SECONDS)
    try:
        backend.device_name()
    except Exception:
        log_failure("The framework could not be imported")


def _framework_imported() -> None:
    """Undo a favour of Streamlit: it clears the session of Keras after every run of a page.

    That is meant for pages that make a model in each run. Here it would forget compiled kernels after
    each move of a slider, search all of memory for garbage, and take the state of a model away that
    another thread is just building.
    """
    framework: Any = sys.modules["keras"]
    framework.backend.clear_session = _nothing
    gc.collect()
    gc.freeze()  # Streamlit collects after every run; what the framework made at import need not be searched
    _framework_ready.set()


def _nothing() -> None:
    """Stand in for ``clear_session``."""


@st.cache_resource(show_spinner=False, max_entries=1)
def runs() -> Runs:
    """The training runs of this computer, one view of them for all sessions."""
    from cnn_core.runs.runs import Runs

    return Runs(paths.runs_folder())


@st.cache_resource(show_spinner=False, max_entries=1)
def data_jobs() -> Jobs:
    """Downloads and scans of data sets; they keep nobody waiting who looks at patterns, nor each other."""
    from dashboard.session.jobs import Jobs

    return Jobs(at_once=2)


@st.cache_resource(show_spinner=False, max_entries=1)
def device_line() -> str:
    """What computes, and how exactly."""
    return f"{backend.device_name()} · float32"


def model_input_pixels(model_key: str, image: RgbImage) -> Any:
    """The photo as the network gets it, ``(H, W, c)``, uint8; remembered by the fingerprints of both."""
    return _model_input_pixels(explorer().fingerprint(model_key), image.fingerprint, model_key, image)


@st.cache_resource(show_spinner=False, max_entries=64)
def _model_input_pixels(model_sha256: str, fingerprint: str, _model_key: str, _image: RgbImage) -> Any:
    return explorer().model_input_pixels(_model_key, _image)
