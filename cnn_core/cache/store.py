"""Results of analyses, kept so that the same question is never computed twice.

A small store in memory answers a slider at once; a folder on disk outlives the process.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from cnn_core.cache.archive import result_bytes
from cnn_core.cache.folder import ResultFolder

T = TypeVar("T")

MAX_BYTES = 1 * 2**30
MEMORY_BYTES = 24 * 2**20
OBJECT_BYTES = 4096  # what a result takes besides its arrays, roughly


def result_key(
    *,
    analysis: str,
    version: int,
    model_sha256: str,
    image: str | None = None,
    params: object = None,
    layer: str | None = None,
    head: int | None = None,
    class_index: int | None = None,
    channels: Sequence[int] | None = None,
    precision: str | None = None,
    region: Sequence[float] | None = None,
    against: int | None = None,
) -> str:
    """Name of a result: equal exactly when everything that decides the result is equal.

    Args:
        analysis: key of the analysis, e.g. ``grad_cam``.
        version: of its code; raised by whoever changes what it returns.
        model_sha256: ``OpenModel.fingerprint``, over the files that decide a model's answers.
        image: ``RgbImage.fingerprint``, or None for an analysis without a picture.
        params: a dataclass of settings, or JSON values.
        layer: name of the layer, if one was chosen.
        head: index of the output, if one was chosen.
        class_index: index of the class, if one was chosen; 0 is a class.
        channels: of the layer, if some were chosen.
        precision: that was computed in, where that is not float32.
        region: of the output, if a part of it was chosen.
        against: index of the class that is compared with, if there is one.

    Returns:
        64 hexadecimal digits.

    Raises:
        TypeError: ``params`` that JSON cannot express.
    """
    fields = {
        "analysis": analysis,
        "version": version,
        "model": model_sha256,
        "image": image,
        "params": params,
        "layer": layer,
        "head": head,
        "class": class_index,
        "channels": channels,
        "precision": precision,
    }
    if region is not None:  # so that all other names stay what they were
        fields["region"] = region
    if against is not None:
        fields["against"] = against
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _nowhere() -> None:
    """For results that are stored in one place only."""


class ResultStore:
    """A cache of results in memory and on disk, for any number of threads and processes.

    A folder that is read-only, full or damaged is worked around and reported in ``warning``.

    Args:
        folder: where results outlive the process; None keeps them in memory only.
        max_bytes: limit on disk; the least recently used results go first.
        memory_bytes: limit in memory.
    """

    def __init__(
        self, folder: Path | None, max_bytes: int = MAX_BYTES, *, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._memory = _Memory(memory_bytes)
        self._disk = None if folder is None else ResultFolder(folder, max_bytes)
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}

    @property
    def warning(self) -> str | None:
        """A sentence for the page while results cannot be kept, else None."""
        return None if self._disk is None else self._disk.warning

    @property
    def held_bytes(self) -> int:
        """Size of the results in memory; at most ``memory_bytes``."""
        return self._memory.held_bytes

    def get(self, key: str, result_type: type[T], elsewhere: Callable[[], T | None] = _nowhere) -> T | None:
        """The result stored under ``key``, or None.

        Args:
            key: from ``result_key``.
            result_type: type of the result, e.g. ``Prediction``.
            elsewhere: looks where else it may be stored; what it finds is kept in memory.
        """
        value = cast("T | None", self._memory.get(key))
        if value is None:
            value = None if self._disk is None else self._disk.read(key, result_type)
            value = elsewhere() if value is None else value
            if value is not None:
                self._memory.put(key, value)
        return value

    def put(self, key: str, value: object) -> None:
        """Keep a result that is not None; its arrays must not be changed afterwards."""
        self._memory.put(key, value)
        if self._disk is not None:
            self._disk.write(key, value)

    def get_or_compute(
        self,
        key: str,
        result_type: type[T],
        compute: Callable[[], T],
        elsewhere: Callable[[], T | None] = _nowhere,
    ) -> T:
        """The stored result, ``elsewhere`` too, else that of ``compute``, which is then stored.

        Threads that ask for the same key wait for the first one. If it fails or is cancelled, its
        error is its own and the next one computes.
        """
        value = self.get(key, result_type, elsewhere)
        if value is not None:
            return value
        with self._turn(key):
            value = self.get(key, result_type)
            if value is None:
                value = compute()
                self.put(key, value)
        return value

    @contextmanager
    def _turn(self, key: str) -> Iterator[None]:
        """Hold the lock of one key; the lock is forgotten with its last user."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.users -= 1
                if turn.users == 0:
                    del self._turns[key]


@dataclasses.dataclass(slots=True)
class _Turn:
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    users: int = 0


class _Memory:
    """The most recently used results, up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0
        self._values: OrderedDict[str, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> object:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: str, value: object) -> None:
        size_bytes = OBJECT_BYTES + result_bytes(value)
        if size_bytes > self._max_bytes:
            return
        with self._lock:
            if key in self._values:
                self._forget(key)
            self._values[key] = value
            self.held_bytes += size_bytes
            while self.held_bytes > self._max_bytes:
                self._forget(next(iter(self._values)))

    def _forget(self, key: str) -> None:
        self.held_bytes -= OBJECT_BYTES + result_bytes(self._values.pop(key))


def _plain(value: object) -> Any:
    """JSON for what ``json`` does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"Expected settings made of numbers, text and tuples. Received: {value!r}.")
