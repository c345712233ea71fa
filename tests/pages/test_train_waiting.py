"""The words for a run that waits, prepares or is finished, besides its epochs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnn_core.datasets.source import DataSource
from cnn_core.runs.launching import create_run
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.training.settings.config import TrainingConfig
from dashboard.training.progress import bar_text, queue_words


@pytest.fixture
def run(tmp_path: Path) -> RunView:
    source = DataSource(folders=(str(tmp_path),))
    folder, lock = create_run(tmp_path / "runs", TrainingConfig(epochs=3), source, title="Mine")
    with lock:
        return Runs(folder.parent).view(folder.name)


def test_a_run_that_waits_says_its_place(run: RunView) -> None:
    assert "place 2" in queue_words(replace(run, state="queued", queue_place=2))


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("preparing", {}, "Getting ready"),
        ("preparing", {"doing": "Looking", "fraction": 0.0}, "Looking, 0 %"),
        ("preparing", {"doing": "Looking through the pictures", "fraction": 0.5}, "pictures, 50 %"),
        ("finishing", {}, "Writing the network and its figures"),
        ("finishing", {"doing": "Measuring the channels", "fraction": 0.25}, "Measuring the channels, 25 %"),
    ],
)
def test_the_bar_says_what_a_run_does_besides_its_epochs(
    run: RunView, state: str, status: dict[str, Any], words: str
) -> None:
    assert (
        bar_text(replace(run, state=state, status=status)).replace("\N{NO-BREAK SPACE}", " ").endswith(words)
    )
