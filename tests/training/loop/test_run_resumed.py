"""A run that was cut off and taken up again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import (
    EVERYTHING,
    STEPS,
    TRAINING,
    assert_same,
    before_each_step,
    cut_off,
    draw_splits,
    new_run,
    saved_checkpoint,
    small,
)

from cnn_core.datasets.splits import Splits
from cnn_core.errors import DataError, ImageError
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_folder import Checkpoint
from cnn_core.training.settings.config import TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")


STACK = small(**EVERYTHING)
NORMALISED = small(preset="photo_cnn", input_size_px=32, **EVERYTHING)


@pytest.fixture(scope="module")
def whole(
    splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None
) -> Callable[[TrainingConfig], Checkpoint]:
    """The end of a run that nothing interrupts."""

    @functools.cache
    def trained(config: TrainingConfig) -> Checkpoint:
        run = new_run(config, splits, tmp_path_factory.mktemp("whole"))
        run.run()
        return saved_checkpoint(run)

    return trained


@pytest.mark.parametrize(
    ("config", "before_step"),
    [(STACK, STEPS + 1), (STACK, 2 * STEPS + 3), (NORMALISED, STEPS + 2)],
    ids=["between epochs", "between moves of the average", "with batch normalisation"],
)
def test_a_run_started_again_ends_exactly_where_an_uninterrupted_one_does_also_with_dropout(
    whole: Callable[[TrainingConfig], Checkpoint],
    splits: Splits,
    tmp_path: Path,
    config: TrainingConfig,
    before_step: int,
) -> None:
    cut_off(new_run(config, splits, tmp_path), before_step)
    again = new_run(config, splits, tmp_path)
    assert len(again.history) == (before_step - 1) // STEPS
    again.run()
    assert int(again.network.optimizer.iterations) == 3 * STEPS
    assert saved_checkpoint(again).step == 3 * STEPS
    assert_same(saved_checkpoint(again), whole(config))
    assert [row["epoch"] for row in again.folder.history()] == [1, 2, 3]
    last_rows = {row["epoch"]: row["step"] for row in again.folder.steps()}
    assert last_rows == dict.fromkeys([1, 2, 3], STEPS)


@pytest.fixture(scope="module")
def fine_tuned(splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> TrainingRun:
    """Two epochs of a new head over a frozen base, two epochs of both."""
    run = new_run(fine_tuning(), splits, tmp_path_factory.mktemp("fine_tuned") / "run")
    run.run()
    return run


def fine_tuning() -> TrainingConfig:
    return small(preset="transfer", epochs=4, fine_tuning_epochs=2, dropout=0.5, checkpoint_count=16)


@pytest.mark.parametrize(
    ("before_step", "finished"),
    [(2 * STEPS + 1, 2), (3 * STEPS + 2, 3)],
    ids=["just before the base is thawed", "after"],
)
def test_fine_tuning_goes_on_where_it_was_cut_off(
    fine_tuned: TrainingRun, splits: Splits, tmp_path: Path, before_step: int, finished: int
) -> None:
    cut_off(new_run(fine_tuning(), splits, tmp_path), before_step)
    again = new_run(fine_tuning(), splits, tmp_path)
    assert len(again.history) == finished
    again.run()
    assert_same(saved_checkpoint(again), saved_checkpoint(fine_tuned))


def test_the_base_stays_as_it_was_until_it_is_fine_tuned(fine_tuned: TrainingRun) -> None:
    store = ModelStore(fine_tuned.folder.path / CHECKPOINTS_FOLDER)
    kernels = [base_weights(store, f"epoch_{epoch:04d}") for epoch in (0, 1, 2, 4)]
    for name, start in kernels[0].items():
        np.testing.assert_array_equal(kernels[2][name], start)
        moves = "norm" not in name  # batch normalisation is ImageNet's to the end
        assert (np.abs(kernels[3][name] - start).max() > 0) == moves, name


def base_weights(store: ModelStore, key: str) -> dict[str, np.ndarray]:
    model = store.open(key).probe.model
    return {w.path: np.asarray(w) for layer in model.layers for w in layer.weights if "base_" in w.path}


def test_a_network_that_knows_no_fine_tuning_is_not_slowed_down_by_it(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(fine_tuning_epochs=2, schedule="cosine"), splits, tmp_path)
    run.run()
    assert run.history[0]["learning_rate"] == pytest.approx(0.005)  # half of the cosine behind it


def test_a_finished_run_started_again_trains_no_more_and_validates_the_same_weights(
    one_epoch: TrainingRun, splits: Splits
) -> None:
    again = new_run(one_epoch.config, splits, one_epoch.folder.path)
    again.run()
    assert int(again.network.optimizer.iterations) == 2 * STEPS
    answers = [run.probabilities(splits.validation) for run in (again, one_epoch)]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)


def test_a_crash_between_checkpoint_and_history_repeats_nothing(
    one_epoch: TrainingRun, splits: Splits
) -> None:
    (one_epoch.folder.path / "history.csv").unlink()
    again = new_run(one_epoch.config, splits, one_epoch.folder.path)
    assert again.history == one_epoch.history
    assert again.folder.history() == [pytest.approx(row) for row in one_epoch.history]


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        (("cats", "dogs", "owls"), "classes that the run began with"),
        (("zebras", "dogs"), r"began with, cats, dogs\. Received: dogs, zebras"),
    ],
    ids=["one that came while it was paused", "other names, although the network would fit"],
)
def test_other_classes_than_the_run_began_with_are_refused(
    one_epoch: TrainingRun, tmp_path: Path, classes: tuple[str, ...], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        new_run(one_epoch.config, draw_splits(tmp_path, classes), one_epoch.folder.path)


def test_training_pictures_that_have_changed_are_noted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    splits = draw_splits(tmp_path / "data")
    new_run(small(epochs=1), splits, tmp_path / "run").run()
    new_run(small(epochs=1), splits, tmp_path / "run")
    assert "pictures have changed" not in caplog.text
    fewer = replace(splits, training=splits.training.chosen(range(1, 2 * TRAINING)))
    new_run(small(epochs=1), fewer, tmp_path / "run")
    assert "pictures have changed" in caplog.text


def test_a_bad_picture_in_the_last_set_ends_a_run_in_its_first_epoch(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data")
    bad = dict(splits.items())["test"].paths[1]
    bad.write_bytes(b"no picture")
    run = new_run(small(checkpoint_count=2), splits, tmp_path / "run")
    with pytest.raises(ImageError, match=bad.name):
        run.run()
    assert run.history == []


def test_pictures_of_later_stages_are_decoded_in_the_first_epoch_too(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data")
    config = small(preset="transfer", sizes_px=(16, 24), stage_shares=(0.5, 0.5), input_size_px=20)
    run, seen = new_run(config, splits, tmp_path / "run"), []
    maps = tmp_path / "data" / "pixels"
    before_each_step(run, lambda *_: seen.append({path.stem[-2:] for path in maps.iterdir()}))
    run.run()
    assert seen[STEPS] == {"16", "20", "24"}


def test_photos_moved_away_and_a_cache_that_was_emptied_do_not_disturb_a_run(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data")
    run = new_run(small(), splits, tmp_path / "run")

    def gone(number: int, _: tuple[Any, ...]) -> None:
        if number == STEPS + 1:  # in the second epoch
            for _, files in splits.items():
                for path in files.paths:
                    path.unlink()
            for path in (tmp_path / "data" / "pixels").iterdir():
                path.unlink()

    before_each_step(run, gone)
    run.run()
    assert len(run.history) == 2
    assert finish(run).is_dir()
