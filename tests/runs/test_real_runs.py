"""Real runs on two dozen tiny pictures, with everything that can come between."""

from __future__ import annotations

import dataclasses
import errno
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from cnn_core import backend
from cnn_core.datasets.source import DataSource
from cnn_core.errors import TrainingError
from cnn_core.models.store import ModelStore
from cnn_core.runs import launching
from cnn_core.runs.launching import create_run, queue_again
from cnn_core.runs.locks import take_lock
from cnn_core.runs.run_status import read_status
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.runs.stop_request import write_wish
from cnn_core.runs.worker import train
from cnn_core.training.loop.network import Network
from cnn_core.training.run_folder import RunFolder
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
PATIENCE_SECONDS = 200.0


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a precision or a process behind."""
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)
    for child in list(launching._children):
        child.kill()
        child.wait()
    launching.reap()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve dark cats and twelve bright dogs, in noise."""
    rng = np.random.default_rng(0)
    for name, brightness in (("cats", 60), ("dogs", 190)):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(12):
            pixels = np.clip(rng.normal(brightness, 30, (36, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


def until_state(runs: Runs, key: str, state: str) -> RunView:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (view := runs.view(key)).state != state:
        assert time.monotonic() < deadline, (view.state, view.reason, view.status)
        time.sleep(0.1)
    return view


def curve(view: RunView) -> list[tuple[float, float]]:
    return [(row["loss"], row["val_loss"]) for row in view.history]


def new_run(tmp_path: Path, photos: Path) -> Path:
    source = DataSource(folders=(str(photos),), validation=4)
    folder, lock = create_run(tmp_path / "runs", CONFIG, source, title="Test")
    lock.release()
    return folder


def go_on(folder: Path, watch: Callable[[], None] | None = None, *, finish: bool = False) -> str:
    """Train in this process, where the framework is loaded already."""
    lock = take_lock(folder / ".lock")
    assert lock is not None
    queue_again(folder, CONFIG.device, finish=finish)
    return train(folder, lock, watch=watch)


def pause_after(folder: Path, *, epochs: int) -> None:
    """Ask the run to stop in the epoch that follows."""
    if len(RunFolder(folder).history()) == epochs:
        write_wish(folder, "paused")


def test_a_run_killed_in_the_middle_of_a_checkpoint_goes_on_as_if_nothing_had_been(
    tmp_path: Path, photos: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes in a queue; the first is killed, the second never, and their curves are the same."""
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    source = DataSource(folders=(str(photos),), validation=4)
    runs = Runs(tmp_path / "runs")
    killed = Runs(runs.folder, command=DYING).launch(CONFIG, source, title="Killed")
    whole = runs.launch(CONFIG, source, title="Whole")

    assert runs.view(whole).queue_place in (1, 2)
    view = until_state(runs, killed, "interrupted")
    assert len(view.history) == 1
    assert list(view.folder.glob(".checkpoint*"))
    until_state(runs, whole, "finished")
    runs.resume(killed)
    view = until_state(runs, killed, "finished")

    assert [row["epoch"] for row in view.history] == [1, 2, 3]
    np.testing.assert_allclose(curve(view), curve(runs.view(whole)), rtol=1e-3)
    epochs = [row["epoch"] for row in view.steps]
    assert epochs == sorted(epochs)
    assert not list(view.folder.glob(".checkpoint*"))
    assert ModelStore(view.folder).open("model").card.classes == ("cats", "dogs")


def test_a_paused_run_goes_on_in_the_same_curve(tmp_path: Path, photos: Path) -> None:
    paused, whole = new_run(tmp_path, photos), new_run(tmp_path, photos)

    assert go_on(paused, lambda: pause_after(paused, epochs=1)) == "paused"
    assert len(RunFolder(paused).history()) == 1
    assert go_on(paused) == "finished"
    assert go_on(whole) == "finished"
    views = [Runs(tmp_path / "runs").view(folder.name) for folder in (paused, whole)]
    np.testing.assert_allclose(curve(views[0]), curve(views[1]), rtol=1e-3)
    assert all(view.model_key == view.key for view in views)


def test_a_run_paused_while_it_is_finished_goes_straight_on_with_that(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told = new_run(tmp_path, photos), []

    def pause_in_the_middle() -> None:
        status = read_status(folder)
        if status["state"] == "finishing":
            told.append((status.get("doing"), status.get("fraction")))
            if status.get("doing") == "Measuring the channels":
                write_wish(folder, "paused")

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


def test_a_run_stopped_while_its_precision_is_measured_remembers_nothing_of_it(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "fast_precision", lambda: "mixed_bfloat16")
    source = DataSource(folders=(str(photos),), validation=4)
    config = dataclasses.replace(CONFIG, precision="automatic")
    folder, lock = create_run(tmp_path / "runs", config, source, title="Test")

    def pause() -> None:
        if read_status(folder).get("doing") == "Measuring which precision is faster":
            write_wish(folder, "cancelled")

    assert train(folder, lock, watch=pause) == "cancelled"
    assert not (folder / "precision.json").exists()
    assert RunFolder(folder).history() == []


def test_a_data_folder_that_goes_away_fails_the_run_which_goes_on_when_it_is_back(
    tmp_path: Path, photos: Path
) -> None:
    folder = new_run(tmp_path, photos)
    assert go_on(folder, lambda: pause_after(folder, epochs=1)) == "paused"
    kept = RunFolder(folder).history()
    photos.rename(tmp_path / "unplugged")
    with pytest.raises(TrainingError, match=f"The data folder {photos} is no longer there"):
        go_on(folder)
    assert RunFolder(folder).history() == kept
    (tmp_path / "unplugged").rename(photos)
    assert go_on(folder) == "finished"
    assert RunFolder(folder).history()[:1] == kept


def test_a_loss_that_is_no_number_fails_the_run_and_keeps_its_epochs(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, usual = new_run(tmp_path, photos), Network.train

    def explodes_in_the_second_epoch(network: Network, *batch: Any) -> tuple[float, float]:
        return (float("nan"), 0.0) if RunFolder(folder).history() else usual(network, *batch)

    monkeypatch.setattr(Network, "train", explodes_in_the_second_epoch)
    with pytest.raises(TrainingError, match=r"nan in epoch 2.*lower learning rate"):
        go_on(folder)
    assert read_status(folder)["state"] == "failed"
    assert read_status(folder)["advice"].startswith("Resuming would repeat this. Start a new run")
    assert len(RunFolder(folder).history()) == 1
    assert (folder / "checkpoint.npz").exists()

    assert go_on(folder, finish=True) == "finished"
    assert len(RunFolder(folder).history()) == 1
    assert ModelStore(folder).open("model").card.classes == ("cats", "dogs")


def test_a_disk_that_fills_up_fails_the_run_which_goes_on_when_there_is_room(
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
    assert len(RunFolder(folder).history()) == 1
    assert go_on(folder) == "finished"
    assert len(RunFolder(folder).history()) == 3


def test_pictures_that_cannot_be_used_are_written_down_and_skipped(tmp_path: Path, photos: Path) -> None:
    (photos / "cats" / "broken.png").write_bytes(b"no picture")
    shutil.copy(photos / "dogs" / "0.png", photos / "dogs" / "again.png")
    folder = new_run(tmp_path, photos)
    assert go_on(folder) == "finished"
    facts = RunFolder(folder).path.joinpath("scan.json").read_text()
    assert '"kind": "unreadable"' in facts
    assert '"twin"' in facts
