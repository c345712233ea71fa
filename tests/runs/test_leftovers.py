"""Half-written files go as soon as nobody can be writing them any more."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from cnn_core.datasets.source import DataSource
from cnn_core.errors import TrainingError
from cnn_core.runs.launching import create_run
from cnn_core.runs.leftovers import remove_leftovers
from cnn_core.runs.locks import Lock
from cnn_core.runs.worker import Job, train
from cnn_core.training.settings.config import TrainingConfig


@pytest.fixture
def new_run(tmp_path: Path) -> tuple[Path, Lock]:
    source = DataSource(folders=(str(tmp_path),))
    return create_run(tmp_path / "runs", TrainingConfig(), source, title="Test")


def test_half_written_files_of_a_killed_process_are_removed_and_nothing_else(
    new_run: tuple[Path, Lock],
) -> None:
    folder, lock = new_run
    (folder / ".checkpoint.123-456.npz").write_bytes(b"half")
    for name in (".model.new", ".model.old"):
        (folder / name).mkdir()
    (folder / "model").mkdir()
    (folder / "checkpoints" / ".epoch_0001.new").mkdir(parents=True)
    (folder / "checkpoints" / "epoch_0000").mkdir()
    (folder / "checkpoint.npz").write_bytes(b"whole")
    train(folder, lock, trainer=lambda _: None)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    assert left == [
        ".lock",
        "checkpoint.npz",
        "checkpoints",
        "checkpoints/epoch_0000",
        "config.json",
        "model",
        "status.json",
    ]


def test_a_model_moved_aside_by_a_process_that_was_killed_before_its_replacement_came_is_put_back(
    tmp_path: Path,
) -> None:
    for place in (tmp_path / "model", tmp_path / "checkpoints" / "epoch_0001"):
        for name, text in ((f".{place.name}.old", "whole"), (f".{place.name}.new", "half")):
            place.with_name(name).mkdir(parents=True)
            (place.with_name(name) / "card.json").write_text(text)
    remove_leftovers(tmp_path)
    left = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.json")}
    assert left == {"model/card.json": "whole", "checkpoints/epoch_0001/card.json": "whole"}


def test_a_young_half_file_that_may_be_anothers_stays(tmp_path: Path) -> None:
    half = tmp_path / ".pixels.123-456.npy"
    half.touch()
    remove_leftovers(tmp_path, older_than_seconds=60)
    assert half.exists()
    os.utime(half, (0, 0))
    remove_leftovers(tmp_path, older_than_seconds=60)
    assert not half.exists()


def test_a_clock_that_was_set_back_keeps_no_half_file_of_a_run(tmp_path: Path) -> None:
    half, tomorrow = tmp_path / ".checkpoint.123-456.npz", time.time() + 86400
    half.touch()
    os.utime(half, (tomorrow, tomorrow))
    remove_leftovers(tmp_path, older_than_seconds=60)
    assert half.exists()
    remove_leftovers(tmp_path)
    assert not half.exists()


def test_half_a_model_that_filled_the_disk_goes_at_once(new_run: tuple[Path, Lock]) -> None:
    folder, lock = new_run

    def trainer(job: Job) -> None:
        (job.folder / ".model.new").mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TrainingError, match="disk is full"):
        train(folder, lock, trainer=trainer)
    assert not (folder / ".model.new").exists()
