"""Runs whose processes only count, and what is asked of them."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import run_folders

from cnn_core.datasets.source import DataSource
from cnn_core.runs.launching import reap
from cnn_core.runs.locks import Lock, take_lock
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.training.settings.config import TrainingConfig

FAKE = (sys.executable, str(Path(__file__).with_name("fake_training.py")))
CONFIG = TrainingConfig(preset="lecture_baseline", epochs=2, batch_size=8)
LONG = dataclasses.replace(CONFIG, epochs=500)
SOURCE = DataSource(folders=(str(Path(__file__).parent),))
PATIENCE_SECONDS = 300.0  # only a defect waits so long


def until(what: Callable[[], Any], wanted: Any = True) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, f"{found!r} did not become {wanted!r}"
        time.sleep(0.02)


def until_state(runs: Runs, key: str, state: str) -> RunView:
    until(lambda: runs.view(key).state, state)
    return runs.view(key)


def write_run(runs: Runs, key: str, state: str, *, created: float = 1.0, **status: Any) -> Path:
    """A run as its process would have left it."""
    about = {"title": key.title(), "config": CONFIG, "source": SOURCE, "created": created}
    return run_folders.write_run(runs.folder, key, state, history=0, **about, **status)


def locked(path: Path) -> Lock:
    """The lock of a file that nobody else holds."""
    lock = take_lock(path, wait_seconds=0)
    assert lock is not None
    return lock


def end_processes() -> None:
    """Leave none of the processes that were launched alive."""
    for child in reap():
        child.kill()
        child.wait()
    reap()


def process_of(view: RunView) -> int:
    """The process that counted last."""
    return int((view.folder / "processes.txt").read_text().splitlines()[-1].split()[0])
