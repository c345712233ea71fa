"""What processes that were killed leave half written."""

from __future__ import annotations

import math
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from cnn_core.training.run_folder import FILM_FOLDER

LEFTOVER = re.compile(r"\..+\.(\d+-\d+(\.\w+)?|new|old)")  # of a writer that was killed


def remove_leftovers(folder: Path, *, older_than_seconds: float | None = None) -> None:
    """Remove the half-written files of a process that was killed.

    Args:
        folder: of a run whose lock this process holds, or one that others write to as well.
        older_than_seconds: younger ones may belong to somebody who is alive; None: nobody is, so that not
            even a file from the future stays, as a clock that was set back leaves it.
    """
    latest = math.inf if older_than_seconds is None else time.time() - older_than_seconds
    for path in [*folder.glob(".*"), *folder.glob(f"{FILM_FOLDER}/.*")]:
        with suppress(OSError):
            if LEFTOVER.fullmatch(path.name) and path.stat().st_mtime < latest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
