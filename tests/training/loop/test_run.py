"""What an epoch does: its pictures, its steps, and how it is validated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import (
    BATCH,
    STEPS,
    UNRECOGNISABLE,
    assert_same,
    before_each_step,
    draw_splits,
    new_run,
    resized,
    saved_checkpoint,
    small,
)

from cnn_core.datasets.splits import Splits
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore
from cnn_core.training.input import pipeline
from cnn_core.training.loop import precision
from cnn_core.training.loop.run import TrainingRun

pytestmark = pytest.mark.usefixtures("small_networks")


def test_validation_and_test_are_never_augmented(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each picture that is changed is one of training, and there are as many as steps take."""
    seen: list[bytes] = []

    def spy(pixels: np.ndarray, *rest: Any) -> np.ndarray:
        seen.append(pixels.tobytes())
        return original(pixels, *rest)

    original = pipeline.augmented
    monkeypatch.setattr(pipeline, "augmented", spy)
    run = new_run(small(epochs=1, augmentation=UNRECOGNISABLE), splits, tmp_path)
    run.run()
    run.probabilities(splits.test)
    assert len(seen) == STEPS * BATCH
    assert set(seen) <= {picture.tobytes() for picture in resized(splits.training)}


def test_an_epoch_is_validated_by_the_pictures_as_they_are(one_epoch: TrainingRun, splits: Splits) -> None:
    """By Keras and Pillow alone, from the weights of the last epoch that was kept."""
    store = ModelStore(one_epoch.folder.path / CHECKPOINTS_FOLDER)
    model = store.open("epoch_0001").probe.model
    p = model.predict_on_batch(resized(splits.validation) / np.float32(255))[:, 0].astype(np.float64)
    truth = np.asarray(splits.validation.labels)
    (row,) = one_epoch.folder.history()
    assert row["val_loss"] == pytest.approx(-np.log(np.where(truth == 1, p, 1 - p)).mean(), abs=1e-4)
    assert row["val_accuracy"] == pytest.approx(np.mean((p > 0.5) == truth))


def test_an_epoch_is_validated_as_the_finished_model_is(splits: Splits, tmp_path: Path) -> None:
    """Also where a network cannot decide: one half is an answer for class 1 in both."""
    run = new_run(small(epochs=1), splits, tmp_path)
    take = run.network.take_kept_weights

    def undecided() -> None:
        run.network.model.set_weights([0 * weights for weights in run.network.model.get_weights()])
        take()

    run.network.take_kept_weights = undecided  # type: ignore[method-assign]
    labels = (0,) * 8 + (1,) * 2
    uneven = replace(splits.validation, labels=labels)
    run.splits = replace(splits, validation=uneven)
    run.run()
    (row,) = run.history
    assert row["val_accuracy"] == 0.2
    assert row["val_loss"] == pytest.approx(np.log(2), abs=1e-5)


def test_the_history_has_means_of_the_steps(splits: Splits, tmp_path: Path) -> None:
    run, seen = new_run(small(epochs=1), splits, tmp_path), []
    train = run.network.train

    def spy(*batch: Any) -> tuple[float, float]:
        seen.append(train(*batch))
        return seen[-1]

    run.network.train = spy  # type: ignore[method-assign]
    run.run()
    (row,) = run.folder.history()
    assert [row["loss"], row["accuracy"]] == pytest.approx(np.mean(seen, axis=0), abs=1e-5)
    assert 0 <= row["waiting_fraction"] <= 1
    assert row["images_per_second"] > 0


def test_small_pictures_come_first_and_the_history_says_so(splits: Splits, tmp_path: Path) -> None:
    config = small(preset="transfer", sizes_px=(16, 24), stage_shares=(0.5, 0.5), input_size_px=20, epochs=2)
    run, shapes = new_run(config, splits, tmp_path), []
    before_each_step(run, lambda _, batch: shapes.append(batch[0].shape))
    run.run()
    assert shapes == [(BATCH, 16, 16, 3)] * STEPS + [(BATCH, 24, 24, 3)] * STEPS
    assert [row["size_px"] for row in run.folder.history()] == [16, 24]
    assert run.pixels(splits.validation).shape[1:] == (20, 20, 3)


@pytest.mark.parametrize(("setting", "cat", "dog"), [("balanced", 2 / 3, 2), ("none", 1, 1)])
def test_rare_classes_count_more_on_request_by_the_weights_worked_out_by_hand(
    tmp_path: Path, setting: str, cat: float, dog: float
) -> None:
    """Nine cats and three dogs: 12 / (2 * 9) = 2/3 and 12 / (2 * 3) = 2."""
    splits = draw_splits(tmp_path / "data", training={"cats": 9, "dogs": 3})
    run, seen = new_run(small(epochs=1, class_weights=setting), splits, tmp_path / "run"), set()
    before_each_step(
        run, lambda _, batch: seen.update(zip(batch[1].tolist(), batch[2].tolist(), strict=True))
    )
    run.run()
    assert sorted(seen) == [(0, pytest.approx(cat)), (1, pytest.approx(dog))]


def test_training_learns_bright_dogs_from_dark_cats_and_writes_events_for_tensorboard_on_request(
    one_epoch: TrainingRun, splits: Splits, tmp_path: Path
) -> None:
    run = new_run(small(epochs=12, tensorboard=True), splits, tmp_path)
    run.run()
    assert run.history[-1]["val_accuracy"] == 1
    assert run.history[-1]["val_loss"] < 0.2
    (events,) = (tmp_path / "tensorboard").iterdir()  # one file for all epochs
    assert events.read_bytes().count(b"val_loss") == 12
    assert not (one_epoch.folder.path / "tensorboard").exists()


@pytest.mark.parametrize("preset", ["lecture_regularized", "photo_cnn"])
def test_a_run_whose_precision_was_measured_learns_the_same_to_the_bit_as_one_that_was_told(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(precision, "fast_precision", lambda: "mixed_bfloat16")
    config = small(preset=preset, input_size_px=32, dropout=0.3, average_decay=0.9, precision="automatic")
    measured = new_run(config, splits, tmp_path / "measured")
    remembered = new_run(config, splits, tmp_path / "remembered")
    told = new_run(replace(config, precision=measured.precision.chosen), splits, tmp_path / "told")
    assert measured.precision == remembered.precision
    for run in (measured, remembered, told):
        run.run()
    assert_same(saved_checkpoint(measured), saved_checkpoint(told))
    assert_same(saved_checkpoint(remembered), saved_checkpoint(told))
