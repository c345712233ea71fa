"""Runs whose processes only count, and what is asked of them."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnn_core.datasets.source import DataSource
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.settings import settings_to_json
from cnn_core.training.run_status import change_state
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
    folder = runs.folder / key
    folder.mkdir(parents=True)
    about = {
        "config": settings_to_json(CONFIG),
        "source": settings_to_json(SOURCE),
        "title": key.title(),
        "created": created,
    }
    (folder / "config.json").write_text(json.dumps(about))
    change_state(folder, state, **status)
    return folder


def process_of(view: RunView) -> int:
    """The process that counted last."""
    return int((view.folder / "processes.txt").read_text().splitlines()[-1].split()[0])
