"""Work that shares a computer fairly: who has had least of it goes on first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LOOK_SECONDS = 0.2  # between two looks whether whoever waits is still to go on
LONGEST_SECONDS = 10.0  # then it goes on in any case: those whose turn it is may be waiting for its result


@dataclass(slots=True, eq=False)
class Share:
    """What one piece of work has had of the computer.

    Attributes:
        seconds: that it has had.
        since: ``time.monotonic()`` when its turn began.
    """

    seconds: float = 0.0
    since: float = 0.0


class Turns:
    """A few turns at once, given to those who have had least; one that has had more gives way when asked."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._changed = threading.Condition()
        self._waiting: list[Share] = []
        self._running = 0

    def take(self, share: Share, is_over: Callable[[], bool]) -> None:
        """Wait for a turn, or until there is nothing to wait for any more; ``give`` ends it."""
        with self._changed:
            self._waiting.append(share)
            latest = time.monotonic() + LONGEST_SECONDS
            while not (self._is_next(share) or time.monotonic() > latest or is_over()):
                self._changed.wait(LOOK_SECONDS)
            self._waiting.remove(share)
            self._running += 1
            share.since = time.monotonic()

    def give(self, share: Share) -> None:
        """End a turn."""
        with self._changed:
            share.seconds += time.monotonic() - share.since
            self._running -= 1
            self._changed.notify_all()

    def give_way(self, share: Share, is_over: Callable[[], bool]) -> None:
        """In the middle of a turn: let those go on first who have had less."""
        had = share.seconds + time.monotonic() - share.since
        with self._changed:
            nobody = all(other.seconds >= had for other in self._waiting)
        if not nobody:
            self.give(share)
            self.take(share, is_over)

    def _is_next(self, share: Share) -> bool:
        least = min(self._waiting, key=lambda other: other.seconds)
        return self._running < self._at_once and share is least
