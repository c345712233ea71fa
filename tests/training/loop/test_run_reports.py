"""What outsiders see of a run: its status, its rows of steps, the epochs it kept."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_training import SIDE_PX, STEPS, new_run, resized, small

from cnn_core import backend
from cnn_core.datasets.splits import Splits
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore
from cnn_core.progress import Progress
from cnn_core.training.input import pixel_cache
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.input.pixel_cache import DECODING, _square
from cnn_core.training.loop.network import Network
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_status import read_status

pytestmark = pytest.mark.usefixtures("small_networks")


def test_the_status_says_how_far_a_run_is(one_epoch: TrainingRun) -> None:
    status = read_status(one_epoch.folder.path)
    assert status["state"] == "running"
    steps = 2 * STEPS  # its batches are half as large
    assert (status["epoch"], status["epochs"], status["step"], status["steps"]) == (1, 1, steps, steps)
    assert status["seconds_left"] == 0
    assert (status["precision"], status["device"]) == ("float32", one_epoch.devices.name)
    assert status["loss"] == pytest.approx(one_epoch.history[0]["loss"], abs=1e-4)
    assert status["accuracy"] == pytest.approx(one_epoch.history[0]["accuracy"], abs=1e-4)
    assert status["images_per_second"] > 0
    assert 0 <= status["waiting_fraction"] <= 1


def test_decoding_says_so_and_the_groups_of_steps_are_written(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Event()

    def square(path: Path, size_px: int) -> NDArray[np.uint8]:
        assert told.wait(30)
        return _square(path, size_px)

    def tell(_: float, doing: object) -> None:
        assert doing == DECODING
        told.set()

    monkeypatch.setattr(pixel_cache, "_square", square)
    decoded = DecodedPictures(tmp_path / "pixels")
    run = TrainingRun(small(epochs=1), splits, tmp_path / "run", decoded, Progress(tell=tell))
    run.run()
    assert read_status(run.folder.path)["state"] == "running"
    rows = run.folder.steps()  # one, or more on a slow machine
    assert (rows[-1]["epoch"], rows[-1]["step"], rows[-1]["steps"]) == (1, STEPS, STEPS)
    steps = np.diff([0, *(row["step"] for row in rows)])
    assert np.average([row["loss"] for row in rows], weights=steps) == pytest.approx(
        run.history[0]["loss"], abs=1e-4
    )


def test_a_run_keeps_the_epochs_promised_and_epoch_0_is_the_untrained_network(
    one_epoch: TrainingRun, splits: Splits
) -> None:
    store = ModelStore(one_epoch.folder.path / CHECKPOINTS_FOLDER)
    assert [card.key for card in store.cards()] == ["epoch_0000", "epoch_0001"]
    x = resized(splits.validation) / np.float32(255)
    fresh = Network(one_epoch.config, splits.classes, STEPS, backend.Devices(), "float32")
    untrained = store.open("epoch_0000").probe.model.predict_on_batch(x)[:, 0]
    np.testing.assert_allclose(untrained, fresh.probabilities(resized(splits.validation))[:, 1], atol=1e-5)
    last = store.open("epoch_0001")
    expected = one_epoch.probabilities(splits.validation)[:, 1]
    np.testing.assert_allclose(last.probe.model.predict_on_batch(x)[:, 0], expected, atol=1e-5)
    assert np.abs(expected - untrained).max() > 1e-3
    assert last.card.accuracy == one_epoch.history[0]["val_accuracy"]
    assert store.open("epoch_0000").card.accuracy is None


@pytest.mark.parametrize("preset", ["lecture_regularized", "photo_cnn", "transfer"])
def test_a_run_keeps_the_epochs_that_were_named_as_one_network(
    preset: str, splits: Splits, tmp_path: Path
) -> None:
    side_px = 32 if preset == "photo_cnn" else SIDE_PX
    config = small(
        preset=preset, epochs=3, checkpoint_count=8, checkpoint_epochs=(0, 2, 3), input_size_px=side_px
    )
    new_run(config, splits, tmp_path / "run").run()
    store = ModelStore(tmp_path / "models", tmp_path)
    assert store.checkpoints("run") == (0, 2, 3)
    opened = [store.open(f"run@{epoch}") for epoch in (0, 2, 3)]
    assert [model.card.epoch for model in opened] == [0, 2, 3]
    assert len({id(model.probe.model) for model in opened}) == 1
    inputs = np.random.default_rng(4).random((1, side_px, side_px, 3), np.float32)
    found = [model.probe.scores(inputs)[0] for model in opened]
    alone = ModelStore(tmp_path / "run" / CHECKPOINTS_FOLDER).open("epoch_0003")
    np.testing.assert_allclose(found[2], alone.probe.scores(inputs)[0], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(found[0], found[2])
