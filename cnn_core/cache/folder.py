"""The disk side of the result store: a folder that several processes read and write at once.

There is no index file. An entry is complete or absent, its time of change says when it was last
used, and any process may sweep the oldest ones away. A folder that cannot be used costs time,
never an analysis: problems are kept as a sentence for the page.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from cnn_core.cache.archive import DamagedResultError, read_result, result_bytes, write_result
from cnn_core.files import replacing

T = TypeVar("T")

KEY = re.compile(r"[0-9a-f]{64}")
ENTRY = re.compile(KEY.pattern + r"\.npz")
SHARD = re.compile(r"[0-9a-f]{2}")
LEFTOVER = re.compile(rf"\.{KEY.pattern}\.[0-9-]+\.npz")

KEPT_FRACTION = 0.9  # of the limit stays after a sweep, so that not every write starts one
SWEEP_FRACTION = 1 / 8  # of the limit is written before looking what other processes have added
LEFTOVER_SECONDS = 3600.0  # a writer that has not renamed its file by then is dead
RETRY_SECONDS = 60.0  # writing pauses this long after a failure


class Entry(NamedTuple):
    """One file of the folder; sorts by last use."""

    used_ns: int
    size_bytes: int
    path: Path


class ResultFolder:
    """Results as files ``ab/abcd....npz``, the least recently used removed at a size limit.

    Args:
        folder: made if missing.
        max_bytes: of all entries together. Between two sweeps each process may exceed it by an eighth.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._swept_bytes: int | None = None
        self._written_bytes = 0
        self._problem: str | None = None
        self._retry_at = float("-inf")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(None, "Permission denied")
        except OSError as error:
            self._pause(error)

    @property
    def warning(self) -> str | None:
        """What the page should say about this folder, or None while all is well."""
        return self._problem

    def read(self, key: str, result_type: type[T]) -> T | None:
        """The result stored under ``key``, or None. A damaged one is removed."""
        path = self._path(key)
        try:
            value = read_result(path, result_type, self._max_bytes)
        except OSError:  # missing, in most cases; one that cannot be read is as good as missing
            return None
        except DamagedResultError:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            now = time.time_ns()  # finer than the kernel's own clock for files
            os.utime(path, ns=(now, now))
        return value

    def write(self, key: str, value: object) -> None:
        """Keep a result, if the folder can be written and the result fits."""
        if time.monotonic() < self._retry_at or result_bytes(value) > self._max_bytes:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                size_bytes = write_result(temporary, value)
        except OSError as error:
            self._pause(error)
            return
        self._problem = None
        self._sweep_after(size_bytes)

    def sweep(self) -> None:
        """Remove leftovers of killed writers, then the least recently used entries over the limit."""
        entries = sorted(self._entries())
        total = sum(entry.size_bytes for entry in entries)
        if total > self._max_bytes:
            for entry in entries:
                if total <= self._max_bytes * KEPT_FRACTION:
                    break
                with contextlib.suppress(OSError):
                    entry.path.unlink(missing_ok=True)  # another process may have been quicker
                    total -= entry.size_bytes
        with self._lock:
            self._swept_bytes, self._written_bytes = total, 0

    def _path(self, key: str) -> Path:
        if KEY.fullmatch(key) is None:
            raise ValueError(f"Expected a key made by result_key. Received: key={key!r}.")
        return self._folder / key[:2] / f"{key}.npz"

    def _pause(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._problem = (
            f"Results are not kept on disk: {self._folder} cannot be written ({error.strerror or error}). "
            "Everything works, but is computed again after a restart. "
            "Free some space or set CONVSCOPE_CACHE to another folder."
        )

    def _sweep_after(self, size_bytes: int) -> None:
        with self._lock:
            self._written_bytes += size_bytes
            written, swept = self._written_bytes, self._swept_bytes
        full = swept is None or swept + written > self._max_bytes
        if full or written > self._max_bytes * SWEEP_FRACTION:
            self.sweep()

    def _entries(self) -> Iterator[Entry]:
        """All entries; old temporary files are removed on the way, other files left alone."""
        for shard in _listing(self._folder):
            if SHARD.fullmatch(shard.name) is None:
                continue
            for file in _listing(Path(shard.path)):
                with contextlib.suppress(OSError):
                    status = file.stat(follow_symlinks=False)
                    if ENTRY.fullmatch(file.name):
                        yield Entry(status.st_mtime_ns, status.st_size, Path(file.path))
                    elif LEFTOVER.fullmatch(file.name) and time.time() - status.st_mtime > LEFTOVER_SECONDS:
                        Path(file.path).unlink()


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []
