"""What all sessions share: the explorer with its models and results, decoded photos.

Everything here is bounded. The library is imported on first use, so that the frame of the page
does not wait for it.
"""

from __future__ import annotations

import gc
import sys
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core import open_explorer, paths
from cnn_core.images.decode import RgbImage, decode_image

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer
    from cnn_core.runs.runs import Runs
    from dashboard.session.jobs import Jobs

DECODED_BYTES = 16 * 2**20


@st.cache_resource(show_spinner="Starting the network …", max_entries=1)
def explorer() -> Explorer:
    """The front door to the library, one for all sessions."""
    opened = open_explorer()
    _keep_session_of_framework()
    gc.collect()
    gc.freeze()  # Streamlit collects after every run; what the framework made at import need not be searched
    return opened


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


def session_name() -> str:
    """A name for this session among all that wait for jobs."""
    name: str = st.session_state.setdefault("_session", uuid.uuid4().hex)
    return name


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
    from cnn_core import backend

    return f"{backend.device_name()} · float32"


def seen_pixels(model_key: str, image: RgbImage) -> Any:
    """The photo as the network gets it, ``(H, W, c)``, uint8; remembered by the fingerprints of both."""
    return _seen_pixels(explorer().model(model_key).fingerprint, image.fingerprint, model_key, image)


@st.cache_resource(show_spinner=False, max_entries=64)
def _seen_pixels(model_sha256: str, fingerprint: str, _model_key: str, _image: RgbImage) -> Any:
    return explorer().seen_pixels(_model_key, _image)


class DecodedPhotos:
    """Decoded photos by the stamp of their file; those unused longest make room."""

    def __init__(self, max_bytes: int = DECODED_BYTES) -> None:
        """``max_bytes`` of pixels are kept; the photo asked for last always is."""
        self._max_bytes = max_bytes
        self._photos: OrderedDict[Hashable, RgbImage] = OrderedDict()
        self._lock = threading.Lock()

    def photo(self, stamp: Hashable, read: Callable[[], bytes]) -> RgbImage:
        """A decoded photo; its file is read only if it is not remembered.

        Args:
            stamp: differs for another file, and for another content of the same file.
            read: gives the bytes of the file.

        Raises:
            ImageError: it holds none.
        """
        with self._lock:
            photo = self._photos.get(stamp)
        if photo is None:
            photo = decode_image(read())
        with self._lock:
            self._photos[stamp] = photo
            self._photos.move_to_end(stamp)
            while len(self._photos) > 1 and self._size() > self._max_bytes:
                self._photos.popitem(last=False)
        return photo

    def _size(self) -> int:
        return sum(photo.pixels.nbytes for photo in self._photos.values())


@st.cache_resource(show_spinner=False, max_entries=1)
def decoded_photos() -> DecodedPhotos:
    """The decoded photos of all sessions."""
    return DecodedPhotos()
