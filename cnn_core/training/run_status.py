"""The status of a run: one small JSON file that its process renews and everybody else reads."""

from __future__ import annotations

import json
import os
import time
import unicodedata
from pathlib import Path
from typing import Any

from cnn_core.files import read_json, write_json

STATUS_FILE = "status.json"
LOCK_FILE = ".lock"  # held by the process of a run as long as it lives
LOG_FILE = "log.txt"
LOG_END_BYTES = 8192

ALIVE = frozenset({"queued", "preparing", "running", "finishing"})  # only with a process behind it
ENDED = frozenset({"paused", "cancelled", "failed", "finished"})
LARGEST_NUMBER = 1e15  # NaN is none either
NUMBERS = frozenset(
    {"accuracy", "epoch", "epochs", "fraction", "images_per_second", "loss", "seconds_left", "step", "steps"}
    | {"time", "waiting_fraction"}
)
TEXTS = frozenset({"state", "doing", "precision", "device"})
LONGEST_TITLE = 120
SIGNLESS = frozenset({"Cc", "Cs"})  # control codes steer a terminal, lone surrogates break UTF-8
OF_ONE_STATE = frozenset({"queue", "finish", "reason", "advice", "seconds_left", "doing", "fraction"})


def read_status(folder: Path) -> dict[str, Any]:
    """What the run in ``folder`` said last; empty if it said nothing."""
    return status_in(folder / STATUS_FILE)


def status_in(path: Path) -> dict[str, Any]:
    """What a status file says; entries of another kind than a run writes are left out."""
    return {name: value for name, value in read_json(path).items() if _is_usable(name, value)}


def _is_usable(name: str, value: object) -> bool:
    if name in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    return isinstance(value, str) or name not in TEXTS


def change_state(folder: Path, state: str, **fields: Any) -> None:
    """Give a run another state; what is known of its progress stays.

    On a full disk no new file can be made. Then the old one is written over in place, which needs no
    new block, so that the reason gets out all the same.

    Raises:
        OSError: the status cannot be written in either way.
    """
    before = {name: value for name, value in read_status(folder).items() if name not in OF_ONE_STATE}
    status = {**before, "state": state, **fields, "time": time.time()}
    path = folder / STATUS_FILE
    try:
        write_json(path, status)
    except OSError:
        with path.open("r+b", buffering=0) as file:
            file.write(json.dumps(status).encode())
            file.truncate()


def log_end(path: Path) -> str:
    """Some of the last whole lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - LOG_END_BYTES)
            file.seek(start)
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if start else text


def readable(title: object) -> str:
    """A title on one line, without what no font has a sign for, short enough for a list; empty for none."""
    text = title if isinstance(title, str) else ""
    spaced = "".join(" " if unicodedata.category(sign) in SIGNLESS else sign for sign in text)
    line = " ".join(spaced.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"
