"""What processes that were killed leave half written."""

from __future__ import annotations

import math
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from cnn_core.models.card import CHECKPOINTS_FOLDER

LEFTOVER = re.compile(r"\..+\.(\d+-\d+(\.\w+)?|new|old)")  # of a writer that was killed
REPLACED = re.compile(r"\.(.+)\.old")  # what it had moved aside


def remove_leftovers(folder: Path, *, older_than_seconds: float | None = None) -> None:
    """Remove the half-written files of a process that was killed.

    What it had moved aside and not yet replaced is put back: it is the only one there is.

    Args:
        folder: of a run whose lock this process holds, or one that others write to as well.
        older_than_seconds: younger ones may belong to somebody who is alive; None: nobody is, so that not
            even a file from the future stays, as a clock that was set back leaves it.
    """
    latest = math.inf if older_than_seconds is None else time.time() - older_than_seconds
    for path in [*folder.glob(".*"), *folder.glob(f"{CHECKPOINTS_FOLDER}/.*")]:
        with suppress(OSError):
            if LEFTOVER.fullmatch(path.name) and path.stat().st_mtime < latest:
                _put_back_or_remove(path)


def _put_back_or_remove(path: Path) -> None:
    replaced = REPLACED.fullmatch(path.name)
    if replaced is not None and not (place := path.with_name(replaced[1])).exists():
        path.rename(place)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
