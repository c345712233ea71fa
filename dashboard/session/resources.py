"""What all sessions share: the explorer with its models and results, the runs, the jobs.

Everything here is bounded. The framework loads beside the pages, which show what is stored without it.
"""

from __future__ import annotations

import gc
import sys
import threading
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core import open_explorer, paths
from cnn_core.framework import backend
from cnn_core.images.decode import RgbImage
from dashboard.session.unforeseen import log_failure

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer
    from cnn_core.runs.runs import Runs
    from dashboard.session.jobs import Jobs


@st.cache_resource(show_spinner=False, max_entries=1)
def explorer() -> Explorer:
    """The front door to the library, one for all sessions; the framework loads beside it."""
    threading.Thread(target=_load_framework, name="convscope-framework", daemon=True).start()
    return open_explorer()


_framework_loaded = threading.Event()


def framework_loaded() -> bool:
    """Whether networks can be asked without waiting for the framework."""
    return _framework_loaded.is_set()


def _load_framework() -> None:
    try:
        backend.device_name()
    except Exception:
        log_failure("The framework could not be loaded")
        return
    _keep_session_of_framework()
    gc.collect()
    gc.freeze()  # Streamlit collects after every run; what the framework made at import need not be searched
    _framework_loaded.set()


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


def _keep_session_of_framework() -> None:
    """Undo a favour of Streamlit: it clears the session of Keras after every run of a page.

    That is meant for pages that make a model in each run. Here it would forget compiled kernels after
    each move of a slider, search all of memory for garbage, and take the state of a model away that
    another thread is just building.
    """
    framework: Any = sys.modules.get("keras")
    if framework is not None:
        framework.backend.clear_session = _nothing


def _nothing() -> None:
    """Stand in for ``clear_session``."""


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
