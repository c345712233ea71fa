"""Results that come with a model, in its folder: found without the framework, and never written by a page."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

from cnn_core.cache.archive import DamagedResultError, read_result, write_result
from cnn_core.feature_visualization.packed_patterns import PackedPatterns
from cnn_core.files import replacing
from cnn_core.results import FilterPatterns

T = TypeVar("T")

MAX_BYTES = 16 * 2**20  # of one file


def shipped_result(folder: Path, key: str, result_type: type[T]) -> T | None:
    """The result of that key in a folder; None where there is none, or one that cannot be read."""
    path = _file(folder, key)
    with suppress(OSError, DamagedResultError):
        if result_type is FilterPatterns:
            return cast(T, read_result(path, PackedPatterns, MAX_BYTES).unpacked())
        return read_result(path, result_type, MAX_BYTES)
    return None


def is_shipped(folder: Path, key: str) -> bool:
    """Whether there is a result of that key in a folder."""
    return _file(folder, key).is_file()


def ship(folder: Path, key: str, result: object) -> int:
    """Write a result, patterns packed; gives the size of the file in bytes."""
    folder.mkdir(exist_ok=True)
    with replacing(_file(folder, key)) as temporary:
        return write_result(temporary, result)


def forget_others(folder: Path, keys: Collection[str]) -> None:
    """Remove all results from a folder but those of these keys."""
    for path in folder.glob("*.npz"):
        if path.stem not in keys:
            path.unlink()


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key}.npz"
