"""The progress of a computation in a terminal: one line that changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cnn_core.cli.progress_line import duration
from cnn_core.errors import Cancelled
from cnn_core.progress import Progress

QUIET_SECONDS = 1.0  # what takes no longer says nothing on the way


@contextmanager
def share_line() -> Iterator[Progress]:
    """Share done and time left on standard error, once it takes longer than a moment.

    Raises:
        Cancelled: the person pressed Ctrl+C.
    """
    begun, shown = time.monotonic(), False

    def tell(fraction: float, preview: object) -> None:
        nonlocal shown
        seconds = time.monotonic() - begun
        if seconds >= QUIET_SECONDS and fraction > 0:
            sys.stderr.write(f"\r{fraction:4.0%}, {duration(seconds / fraction * (1 - fraction))} left ")
            sys.stderr.flush()
            shown = True

    try:
        yield Progress(tell=tell)
    except KeyboardInterrupt:
        raise Cancelled("Stopped before it was finished.") from None
    finally:
        if shown:
            sys.stderr.write("\n")
