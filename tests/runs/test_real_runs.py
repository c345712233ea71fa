"""Real runs on two dozen tiny pictures, with everything that can come between."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from counted_runs import end_processes, locked, until_state
from PIL import Image

from cnn_core.datasets.source import DataSource
from cnn_core.errors import TrainingError
from cnn_core.models.store import ModelStore
from cnn_core.runs.launching import create_run, queue_again
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.runs.stop_request import write_stop_request
from cnn_core.runs.worker import train
from cnn_core.training.loop.network import Network
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import read_status
from cnn_core.training.settings.config import Augmentation, TrainingConfig

CONFIG = TrainingConfig(
    preset="lecture_regularized",
    epochs=3,
    batch_size=8,
    input_size_px=32,
    dropout=0.3,
    precision="float32",
    checkpoint_count=0,
    augmentation=Augmentation(flip=True, rotation_degrees=20.0),
)
DYING = (sys.executable, str(Path(__file__).with_name("dying_training.py")))


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a precision or a process behind."""
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)
    end_processes()


@pytest.fixture(scope="module")
def some_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve dark cats and twelve bright dogs, in noise, and two files that cannot be used."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data") / "photos"
    for name, brightness in (("cats", 60), ("dogs", 190)):
        (root / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.clip(rng.normal(brightness, 30, (36, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    (root / "cats" / "broken.png").write_bytes(b"no picture")
    shutil.copy(root / "dogs" / "0.png", root / "dogs" / "again.png")
    return root


@pytest.fixture(scope="module")
def whole(some_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> RunView:
    """A run that was never stopped."""
    folder = new_run(tmp_path_factory.mktemp("whole"), some_photos)
    assert go_on(folder) == "finished"
    return Runs(folder.parent).view(folder.name)


@pytest.fixture
def photos(some_photos: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(some_photos, tmp_path / "photos"))


def curve(view: RunView) -> list[tuple[float, float]]:
    return [(row["loss"], row["val_loss"]) for row in view.history]


def new_run(tmp_path: Path, photos: Path) -> Path:
    source = DataSource(folders=(str(photos),), validation=4)
    folder, lock = create_run(tmp_path / "runs", CONFIG, source, title="Test")
    lock.release()
    return folder


def go_on(folder: Path, watch: Callable[[], None] | None = None, *, finish: bool = False) -> str:
    """Train in this process, where the framework is loaded already."""
    lock = locked(folder / ".lock")
    queue_again(folder, CONFIG.device, finish=finish)
    return train(folder, lock, watch=watch)


def test_pictures_that_cannot_be_used_are_written_down_and_skipped(whole: RunView) -> None:
    problems = json.loads((whole.folder / "scan.json").read_text())["problems"]
    assert {problem["kind"] for problem in problems} == {"unreadable", "duplicate"}
    assert whole.model_key == whole.key


def test_a_run_killed_in_the_middle_of_a_checkpoint_that_then_misses_its_photos_goes_on_in_the_same_curve(
    tmp_path: Path, photos: Path, whole: RunView, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    runs = Runs(tmp_path / "runs", command=DYING)
    killed = runs.launch(CONFIG, DataSource(folders=(str(photos),), validation=4), title="Killed")
    view = until_state(runs, killed, "interrupted")
    assert len(view.history) == 1
    assert list(view.folder.glob(".checkpoint*"))
    photos.rename(tmp_path / "unplugged")
    with pytest.raises(TrainingError, match=f"The data folder {photos} is no longer there"):
        go_on(view.folder)
    assert runs.view(killed).history == view.history
    (tmp_path / "unplugged").rename(photos)

    assert go_on(view.folder) == "finished"
    view = runs.view(killed)
    assert [row["epoch"] for row in view.history] == [1, 2, 3]
    np.testing.assert_allclose(curve(view), curve(whole), rtol=1e-3)
    epochs = [row["epoch"] for row in view.steps]
    assert epochs == sorted(epochs)
    assert not list(view.folder.glob(".checkpoint*"))
    assert ModelStore(view.folder).open("model").card.classes == ("cats", "dogs")


def test_a_run_paused_while_it_is_finished_goes_straight_on_with_that(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told = new_run(tmp_path, photos), []

    def pause_in_the_middle() -> None:
        status = read_status(folder)
        if status["state"] == "finishing":
            told.append((status.get("doing"), status.get("fraction")))
            if status.get("doing") == "Measuring the channels":
                write_stop_request(folder, "paused")

    assert go_on(folder, pause_in_the_middle) == "paused"
    assert told[-1] == ("Measuring the channels", 0.5)
    assert len(RunFolder(folder).history()) == CONFIG.epochs
    assert not list(folder.glob("predictions*"))
    assert not (folder / "model").exists()

    monkeypatch.setattr(Network, "train", lambda *_: pytest.fail("trained again"))
    states: list[str] = []
    assert go_on(folder, lambda: states.append(read_status(folder)["state"])) == "finished"
    assert "running" not in states
    assert ModelStore(folder).open("model").card.classes == ("cats", "dogs")


def test_a_disk_that_fills_up_fails_the_run_which_is_finished_with_its_epochs_when_there_is_room(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, usual = new_run(tmp_path, photos), np.savez

    def full_after_the_first_epoch(path: Path, *arrays: Any, **named: Any) -> None:
        usual(path, *arrays, **named)
        if RunFolder(folder).history():
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full_after_the_first_epoch)
        with pytest.raises(TrainingError, match="disk is full"):
            go_on(folder)
    assert read_status(folder)["state"] == "failed"
    assert go_on(folder, finish=True) == "finished"
    assert len(RunFolder(folder).history()) == 1
    assert ModelStore(folder).open("model").card.classes == ("cats", "dogs")
