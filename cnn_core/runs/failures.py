"""Why a run failed, in words for a person, and what to do about it.

The framework is not imported here: its errors are recognised by the names of their classes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn_core import paths
from cnn_core.errors import ChangedSettingsError, ConvscopeError, DataError, DivergedError, ImageError, causes
from cnn_core.files import nested
from cnn_core.training.run_folder import HISTORY_FILE
from cnn_core.training.run_status import LOG_FILE, log_end

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
OUT_OF_MEMORY_CLASSES = frozenset({"MemoryError", "ResourceExhaustedError"})
OUT_OF_MEMORY_WORDS = re.compile(
    r"bad_alloc|out of memory|OUT_OF_MEMORY|\bOOM\b|Cannot allocate memory|failed to allocate", re.IGNORECASE
)
DISK_WORDS = re.compile(r"No space left on device|Bus error")  # a full disk under a memory map is a bus error
LONGEST_MESSAGE = 300
LOG_SEPARATOR = "======== "  # begins the line between two processes of one run

AFTERWARDS = "Then resume the run: finished epochs are kept."
TRY_AGAIN = "Resume the run to try again: finished epochs are kept."
SPACE_ADVICE = (
    "Free some space: remove runs that are no longer needed, or give CONVSCOPE_RUNS and CONVSCOPE_CACHE a "
    f"larger disk. {AFTERWARDS}"
)
DATA_ADVICE = f"Put the data in order. {AFTERWARDS} Other settings need a new run."
REPEATED = (
    "Resuming would repeat this, unless its cause is removed first. Start a new run with other settings."
)
REPEATED_DIVERGENCE = "Resuming would repeat this. Start a new run with a lower learning rate."
KEPT_ADVICE = "The finished epochs are kept: finish this run to make them a model."


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed run says of itself: what happened, and what to do now."""

    reason: str
    advice: str


def failure_of(error: BaseException, *, folder: Path, settings: Mapping[str, Any]) -> Failure:
    """Explain an error that ended a run; ``settings`` are what its ``config.json`` says, or nothing."""
    folders = nested(settings, "source").get("folders")
    names = [name for name in folders if isinstance(name, str)] if isinstance(folders, list) else []
    gone = [name for name in names if not Path(name).is_dir()]
    if any(isinstance(cause, OSError) and cause.errno in DISK_FULL for cause in causes(error)):
        return _disk_full(folder)
    if any(map(_is_lack_of_memory, causes(error))):
        return _out_of_memory(nested(settings, "config"))
    if gone and isinstance(error, OSError | DataError | ImageError):
        return Failure(
            f"The data folder {gone[0]} is no longer there.",
            f"Put it back, or connect its drive. {AFTERWARDS}",
        )
    if (refused := _refused(error, folder)) is not None:
        return refused
    if isinstance(error, FileNotFoundError):
        return Failure(f"The file {error.filename} is no longer there.", f"Put it back. {AFTERWARDS}")
    if isinstance(error, DataError | ImageError):
        return Failure(str(error), DATA_ADVICE)
    if isinstance(error, ChangedSettingsError):
        return Failure(str(error), AFTERWARDS)
    if isinstance(error, ConvscopeError):
        again = REPEATED_DIVERGENCE if isinstance(error, DivergedError) else REPEATED
        kept = f" {KEPT_ADVICE}" if (folder / HISTORY_FILE).exists() else ""
        return Failure(str(error), f"{again}{kept}")
    message = " ".join(str(error).split())
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} …"
    reason = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return Failure(reason, f"The details are in {folder / LOG_FILE}. {TRY_AGAIN}")


def failure_of_vanished(log: Path) -> Failure:
    """Explain the end of a process that could not say anything itself, as far as its log tells."""
    last_words = log_end(log).rpartition(LOG_SEPARATOR)[2]
    if DISK_WORDS.search(last_words):
        return _disk_full(log.parent)
    if OUT_OF_MEMORY_WORDS.search(last_words):
        return Failure(
            "The process of this run ran out of memory.",
            "Close other programs and resume the run: finished epochs are kept. Or start one with a smaller "
            "batch size.",
        )
    return Failure(
        "The process of this run is gone: it was killed, memory ran out, or the machine was switched off.",
        "Resume the run: finished epochs are kept. If it happens again, start one with a smaller batch size.",
    )


def _refused(error: BaseException, folder: Path) -> Failure | None:
    """A folder of ours that cannot be written, or a file that may not be read; None for anything else."""
    for cause in causes(error):
        if not isinstance(cause, OSError) or cause.errno not in NOT_ALLOWED:
            continue
        path = None if cause.filename is None else Path(str(cause.filename)).absolute()
        for ours, variable in ((paths.cache_folder(), "CONVSCOPE_CACHE"), (folder.parent, "CONVSCOPE_RUNS")):
            inside = path.is_relative_to(ours.absolute()) if path else not os.access(ours, os.W_OK)
            if inside:
                return Failure(
                    f"The folder {ours} cannot be written ({cause.strerror}).",
                    f"Let this user write there, or name another folder with {variable}. {AFTERWARDS}",
                )
        if path is not None:
            return Failure(
                f"{path} cannot be used ({cause.strerror}).", f"Give this user the right to it. {AFTERWARDS}"
            )
    return None


def _is_lack_of_memory(cause: BaseException) -> bool:
    names = {kind.__name__ for kind in type(cause).__mro__}
    if names & OUT_OF_MEMORY_CLASSES or getattr(cause, "errno", None) == errno.ENOMEM:
        return True
    return not isinstance(cause, ConvscopeError) and OUT_OF_MEMORY_WORDS.search(str(cause)) is not None


def _disk_full(folder: Path) -> Failure:
    folders_by_disk: dict[int, str] = {}
    for path in (folder, paths.cache_folder()):
        with suppress(OSError):
            free = shutil.disk_usage(path).free / 2**20
            folders_by_disk.setdefault(path.stat().st_dev, f"{free:,.0f} MB at {path}")
    free_now = f" Free now: {', '.join(folders_by_disk.values())}." if folders_by_disk else ""
    return Failure(f"The disk is full.{free_now}", SPACE_ADVICE)


def _out_of_memory(config: Mapping[str, Any]) -> Failure:
    batch_size, size_px = config.get("batch_size"), config.get("input_size_px")
    halved = f", e.g. {batch_size // 2}" if isinstance(batch_size, int) and batch_size > 1 else ""
    return Failure(
        f"Memory ran out with {batch_size} pictures of {size_px} px a batch.",
        f"Start a run with a smaller batch size{halved}, or with smaller pictures; or close other programs "
        "and resume this one.",
    )
