"""How a run is asked to stop: a file in its folder, or a signal to its process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal

from cnn_core.files import read_json, write_json

StopState = Literal["paused", "cancelled"]

STOP_REQUEST_FILE = "stop.json"
SIGNALS = (signal.SIGTERM, signal.SIGINT)  # a container that stops; Ctrl+C


def write_stop_request(folder: Path, state: StopState) -> None:
    """Ask the run in ``folder`` to stop after its current step."""
    write_json(folder / STOP_REQUEST_FILE, {"state": state})


def remove_stop_request(folder: Path) -> None:
    """Forget what was asked before."""
    (folder / STOP_REQUEST_FILE).unlink(missing_ok=True)


class StopRequest:
    """What the process of a run looks at between its steps."""

    def __init__(self, folder: Path) -> None:
        """``folder`` of the run."""
        self._path = folder / STOP_REQUEST_FILE
        self._signalled = False

    def __call__(self) -> bool:
        """Whether the run shall stop now; costs a few microseconds."""
        return self._signalled or self._path.exists()

    @property
    def state(self) -> StopState:
        """What the run becomes by stopping."""
        return "cancelled" if read_json(self._path) == {"state": "cancelled"} else "paused"

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Inside, the first Ctrl+C or SIGTERM asks to pause; a second one ends the process at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python gives signals to the main thread alone
            return
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signalled:
            raise KeyboardInterrupt
        self._signalled = True
