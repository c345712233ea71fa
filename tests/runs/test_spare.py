"""A process that loads the framework before there is a run for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from counted_runs import end_processes, locked, until_state
from PIL import Image

from cnn_core.datasets.source import DataSource
from cnn_core.runs.runs import Runs
from cnn_core.runs.spare import SpareProcess, wait_for_run
from cnn_core.training.run_status import LOG_FILE
from cnn_core.training.settings.config import TrainingConfig

CONFIG = TrainingConfig(
    preset="lecture_baseline",
    epochs=1,
    batch_size=4,
    input_size_px=32,
    precision="float32",
    checkpoint_count=0,
)
SECONDS = 90


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    """Eight pictures of noise."""
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 256, (36, 40, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return DataSource(folders=(str(tmp_path / "photos"),), validation=2)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    yield Runs(tmp_path / "runs")
    end_processes()


def test_a_run_is_trained_by_the_process_that_waited_and_another_one_by_a_new_process(
    runs: Runs, source: DataSource
) -> None:
    runs.prepare()
    spare = runs._spare
    assert spare is not None
    on_cpu = runs.launch(replace(CONFIG, device="cpu"), source)
    assert spare.waits, "it may have loaded the framework for another device"
    until_state(runs, on_cpu, "finished")
    runs.prepare()
    assert runs._spare is spare
    key = runs.launch(CONFIG, source)
    assert not spare.waits
    view = until_state(runs, key, "finished")
    assert spare.process.wait(SECONDS) == 0
    assert (view.folder / LOG_FILE).read_text().startswith("=")
    assert view.model_key == key


def test_it_ends_with_the_process_that_started_it() -> None:
    spare = SpareProcess()
    spare.end()
    assert not spare.waits
    assert spare.process.wait(SECONDS) == 0


def test_nobody_who_waits_no_longer_is_given_a_run(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    assert wait_for_run(theirs.detach(), idle_seconds=0.01) is None
    with locked(tmp_path / "lock") as lock, ours, pytest.raises(BrokenPipeError):
        socket.send_fds(ours, [os.fsencode(tmp_path)], [lock.descriptor])
