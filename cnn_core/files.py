"""Files that are complete or absent: written to a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cnn_core.errors import DataError

HALF_WRITTEN = re.compile(r"\..+\.(\d+-\d+(\.\w+)?|new|old)")  # by a process that was killed
MOVED_ASIDE = re.compile(r"\.(.+)\.old")  # to make room for what was being written


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends without error.

    The suffix is kept, since many writers choose their format by it.

    Args:
        path: the file to write.
        durable: wait until its bytes are on the disk, so that a power cut cannot damage it.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):  # missing after the rename; an error before it says more than this one
            temporary.unlink()


FileStamp = tuple[int, int]  # time of the last change in ns, size in bytes


def file_stamp(path: Path) -> FileStamp | None:
    """Differs once a file was replaced; None while there is none."""
    try:
        metadata = path.stat()
    except OSError:
        return None
    return metadata.st_mtime_ns, metadata.st_size


def files_stamp(paths: Iterable[Path]) -> str:
    """sha256 over path, size and time of change of every file; one that is missing is no error here."""
    digest = hashlib.sha256()
    for path in paths:
        time_ns, size = file_stamp(path) or (-1, -1)
        seen = (size, time_ns)
        digest.update(f"{seen} ".encode() + os.fsencode(path.absolute()) + b"\n")
    return digest.hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def nested(value: Any, *names: str) -> dict[str, Any]:
    """The object under ``names``, one in the other, of what JSON said; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """Inside, an error of the operating system is one of ``folder``, which cannot be written.

    Raises:
        DataError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise DataError(
            f"Expected a folder that can be written. Received: {folder} ({error.strerror or error}). "
            "Check its name, its permissions and the space that is left, or choose another folder."
        ) from None


def remove_half_written(folder: Path, *, older_than_seconds: float | None = None) -> None:
    """Remove from a folder what a process was writing when it was killed.

    What it had moved aside and not yet replaced is put back: it is the only one there is.

    Args:
        folder: that nobody writes to now, or that others write to as well.
        older_than_seconds: younger ones may belong to somebody who is alive; None: nobody is, so that not
            even a file from the future stays, as a clock that was set back leaves it.
    """
    latest = math.inf if older_than_seconds is None else time.time() - older_than_seconds
    for path in folder.glob(".*"):
        with suppress(OSError):
            if HALF_WRITTEN.fullmatch(path.name) and path.stat().st_mtime < latest:
                _put_back_or_remove(path)


def _put_back_or_remove(path: Path) -> None:
    aside = MOVED_ASIDE.fullmatch(path.name)
    if aside is not None and not (place := path.with_name(aside[1])).exists():
        path.rename(place)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
