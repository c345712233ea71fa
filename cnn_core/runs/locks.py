"""Exclusive locks on files that the kernel releases when their holder ends, however it ends.

A lock belongs to an open file (``flock``), so it can be handed to a child process, and ``kill -9``
leaves none behind. The files themselves stay; only the lock on them says something.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

RETRY_SECONDS = 0.02


class Lock:
    """A lock that this process holds."""

    def __init__(self, descriptor: int) -> None:
        """Take over the open, locked file ``descriptor``, e.g. one that the parent process handed down."""
        os.set_inheritable(descriptor, False)
        self.descriptor = descriptor

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take_lock(path: Path, *, wait_seconds: float = 0.5) -> Lock | None:
    """Lock ``path``, which is made if missing.

    Args:
        path: the file.
        wait_seconds: how long to try. A reader that asks ``is_locked`` holds the file for an instant, so
            a lock that must not fail by chance tries more than once.

    Returns:
        The lock, or None if somebody else holds it.

    Raises:
        OSError: the file cannot be made, or its disk knows no locks.
    """
    deadline = time.monotonic() + wait_seconds
    lock = Lock(os.open(path, os.O_RDWR | os.O_CREAT, 0o644))
    try:
        while not _locked(lock.descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                lock.release()
                return None
            time.sleep(RETRY_SECONDS)
    except BaseException:
        lock.release()
        raise
    return lock


def is_locked(path: Path) -> bool:
    """Whether somebody holds ``path``; asking disturbs nobody for longer than an instant."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # never locked, or removed
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)
    except OSError:  # a disk that knows no locks
        return False
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
