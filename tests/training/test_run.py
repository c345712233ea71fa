"""A run on two dozen tiny pictures: what it does to its network, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import (
    BATCH,
    STEPS,
    TRAINING,
    before_each_step,
    cut_off,
    draw_splits,
    new_run,
    resized,
    small,
)

from cnn_core import backend
from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, DataError, ImageError, TrainingError
from cnn_core.evaluation.scores import evaluate_binary
from cnn_core.model_store import ModelStore
from cnn_core.training import pipeline
from cnn_core.training.config import Augmentation, TrainingConfig
from cnn_core.training.finish import finish
from cnn_core.training.network import Network
from cnn_core.training.run import TrainingRun, epochs_to_film
from cnn_core.training.run_folder import CHECKPOINT_FILE, Checkpoint

pytestmark = pytest.mark.usefixtures("small_networks")

UNRECOGNISABLE = Augmentation(
    rotation_degrees=180.0, brightness=0.8, erase_probability=1.0, erase_fraction=0.8
)


def judged(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Let the epochs be judged by these validation losses, one after the other."""
    found = iter(losses)
    monkeypatch.setattr(TrainingRun, "_judge", lambda _: (next(found), 0.5))


def assert_same(one: Checkpoint, other: Checkpoint, atol: float = 1e-5) -> None:
    """All that a run consists of, but for how long it took."""
    assert one.step == other.step
    for group in ("weights", "average", "optimizer"):
        for a, b in zip(getattr(one, group), getattr(other, group), strict=True):
            np.testing.assert_allclose(a, b, atol=atol, err_msg=group)
    for row, expected in zip(one.history, other.history, strict=True):
        for name in ("epoch", "size_px", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert row[name] == pytest.approx(expected[name], abs=1e-3), name


def checkpoint(run: TrainingRun) -> Checkpoint:
    saved = run.folder.load()
    assert saved is not None
    return saved


# ---- Interruption ----


def test_a_run_started_again_ends_where_an_uninterrupted_one_does_also_with_dropout(
    splits: Splits, tmp_path: Path
) -> None:
    config = small(
        epochs=3,
        dropout=0.3,
        average_decay=0.5,
        optimizer="adamw",
        weight_decay=0.02,
        schedule="cosine",
        warmup_epochs=0.5,
    )
    whole = new_run(config, splits, tmp_path / "whole")
    whole.run()
    cut_off(new_run(config, splits, tmp_path / "cut"), before_step=STEPS + 3)
    again = new_run(config, splits, tmp_path / "cut")
    assert [row["epoch"] for row in again.history] == [1]
    again.run()
    assert int(again.network.optimizer.iterations) == 3 * STEPS
    assert checkpoint(again).step == 3 * STEPS
    assert_same(checkpoint(again), checkpoint(whole))
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
    return small(preset="transfer", epochs=4, fine_tuning_epochs=2, dropout=0.5, film_frames=16)


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
    assert_same(checkpoint(again), checkpoint(fine_tuned))


def test_the_base_stays_as_it_was_until_it_is_fine_tuned(fine_tuned: TrainingRun) -> None:
    store = ModelStore(fine_tuned.folder.path / "film")
    kernels = [base_weights(store, f"epoch_{epoch:04d}") for epoch in (0, 1, 2, 4)]
    for name, start in kernels[0].items():
        np.testing.assert_array_equal(kernels[2][name], start)
        moves = "norm" not in name  # batch normalisation is ImageNet's to the end
        assert (np.abs(kernels[3][name] - start).max() > 0) == moves, name


def base_weights(store: ModelStore, key: str) -> dict[str, np.ndarray]:
    model = store.open(key).probe.model
    return {w.path: np.asarray(w) for layer in model.layers for w in layer.weights if "base_" in w.path}


def test_fine_tuning_takes_a_hundredth_of_the_rate(fine_tuned: TrainingRun) -> None:
    rates = [row["learning_rate"] for row in fine_tuned.history]
    assert rates == pytest.approx([0.01, 0.01, 1e-4, 1e-4])


def test_a_network_that_knows_no_fine_tuning_is_not_slowed_down_by_it(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(fine_tuning_epochs=2, schedule="cosine"), splits, tmp_path)
    run.run()
    assert run.history[0]["learning_rate"] == pytest.approx(0.005)  # half of the cosine behind it


def test_a_finished_run_started_again_trains_no_more_and_judges_the_same_weights(
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


def test_a_checkpoint_that_was_never_finished_counts_for_nothing(
    one_epoch: TrainingRun, splits: Splits
) -> None:
    whole = (one_epoch.folder.path / CHECKPOINT_FILE).read_bytes()
    (one_epoch.folder.path / ".checkpoint.123-4.npz").write_bytes(whole[: len(whole) // 2])
    assert new_run(one_epoch.config, splits, one_epoch.folder.path).history == one_epoch.history


def test_classes_that_came_while_a_run_was_paused_are_told(one_epoch: TrainingRun, tmp_path: Path) -> None:
    more = draw_splits(tmp_path, ("cats", "dogs", "owls"))
    with pytest.raises(DataError, match="classes that the run began with"):
        new_run(one_epoch.config, more, one_epoch.folder.path)


def test_classes_of_other_names_are_refused_although_the_network_would_fit(
    one_epoch: TrainingRun, tmp_path: Path
) -> None:
    others = draw_splits(tmp_path, ("zebras", "dogs"))
    with pytest.raises(DataError, match=r"began with, cats, dogs\. Received: dogs, zebras"):
        new_run(one_epoch.config, others, one_epoch.folder.path)


def test_a_checkpoint_of_old_that_names_no_classes_is_taken_up(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(epochs=1), splits, tmp_path)
    run.run()
    run.folder.save(replace(checkpoint(run), classes=(), pictures=""))
    assert len(new_run(small(epochs=1), splits, tmp_path).history) == 1


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


@pytest.mark.parametrize("name", ["training", "validation", "test"])
def test_a_bad_picture_in_any_set_is_told_before_the_first_step(tmp_path: Path, name: str) -> None:
    splits = draw_splits(tmp_path / "data")
    bad = dict(splits.items())[name].paths[1]
    bad.write_bytes(b"no picture")
    run, steps = new_run(small(film_frames=2), splits, tmp_path / "run"), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(ImageError, match=bad.name):
        run.run()
    assert steps == []


def test_pictures_of_later_stages_are_decoded_before_the_first_step_too(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data")
    config = small(preset="transfer", sizes_px=(16, 24), stage_shares=(0.5, 0.5), input_size_px=20)
    run, seen = new_run(config, splits, tmp_path / "run"), []
    maps = tmp_path / "data" / "pixels"
    before_each_step(run, lambda *_: seen.append({path.stem[-2:] for path in maps.iterdir()}))
    run.run()
    assert seen[0] == {"16", "20", "24"}


def test_photos_moved_away_and_a_cache_that_was_emptied_do_not_disturb_a_run(tmp_path: Path) -> None:
    splits = draw_splits(tmp_path / "data")
    run = new_run(small(), splits, tmp_path / "run")

    def gone(number: int, _: tuple[Any, ...]) -> None:
        if number == 1:
            for _, files in splits.items():
                for path in files.paths:
                    path.unlink()
            for path in (tmp_path / "data" / "pixels").iterdir():
                path.unlink()

    before_each_step(run, gone)
    run.run()
    assert len(run.history) == 2
    assert finish(run).is_dir()


# ---- What an epoch does ----


@pytest.fixture(scope="module")
def one_epoch(splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> TrainingRun:
    """A run of one epoch with averaged weights, its pictures changed beyond recognition."""
    config = small(
        epochs=1,
        batch_size=3,
        dropout=0.3,
        average_decay=0.5,
        film_frames=2,
        augmentation=UNRECOGNISABLE,
    )
    run = new_run(config, splits, tmp_path_factory.mktemp("one_epoch") / "run")
    run.run()
    return run


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


def test_an_epoch_is_judged_by_the_pictures_as_they_are(one_epoch: TrainingRun, splits: Splits) -> None:
    """By Keras and Pillow alone, from the weights of the film's last frame."""
    store = ModelStore(one_epoch.folder.path / "film")
    model = store.open("epoch_0001").probe.model
    p = model.predict_on_batch(resized(splits.validation) / np.float32(255))[:, 0].astype(np.float64)
    truth = np.asarray(splits.validation.labels)
    (row,) = one_epoch.folder.history()
    assert row["val_loss"] == pytest.approx(-np.log(np.where(truth == 1, p, 1 - p)).mean(), abs=1e-4)
    assert row["val_accuracy"] == pytest.approx(np.mean((p > 0.5) == truth))


def test_an_epoch_is_judged_as_the_finished_model_is(splits: Splits, tmp_path: Path) -> None:
    """Also where a network cannot decide: one half is an answer for class 1 in both."""
    run = new_run(small(epochs=1), splits, tmp_path)
    finish_epoch = run._finish_epoch

    def undecided(*rest: Any) -> None:
        run.network.model.set_weights([0 * weights for weights in run.network.model.get_weights()])
        finish_epoch(*rest)

    run._finish_epoch = undecided  # type: ignore[method-assign]
    labels = (0,) * 8 + (1,) * 2
    uneven = replace(splits.validation, labels=labels)
    run.splits = replace(splits, validation=uneven)
    run.run()
    expected = evaluate_binary(run.probabilities(uneven)[:, 1], np.asarray(labels))
    (row,) = run.history
    assert (row["val_accuracy"], expected.accuracy) == (0.2, 0.2)
    assert row["val_loss"] == pytest.approx(expected.loss, abs=1e-5)


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


def test_rare_classes_count_more_by_the_weights_worked_out_by_hand(tmp_path: Path) -> None:
    """Nine cats and three dogs: 12 / (2 * 9) = 2/3 and 12 / (2 * 3) = 2."""
    splits = draw_splits(tmp_path / "data", training={"cats": 9, "dogs": 3})
    run, seen = new_run(small(epochs=1, class_weights="balanced"), splits, tmp_path / "run"), set()
    before_each_step(
        run, lambda _, batch: seen.update(zip(batch[1].tolist(), batch[2].tolist(), strict=True))
    )
    run.run()
    assert sorted(seen) == [(0, pytest.approx(2 / 3)), (1, pytest.approx(2))]


def test_without_class_weights_every_picture_counts_the_same(splits: Splits, tmp_path: Path) -> None:
    run, seen = new_run(small(epochs=1), splits, tmp_path), set()
    before_each_step(run, lambda _, batch: seen.update(batch[2].tolist()))
    run.run()
    assert seen == {1.0}


def test_training_learns_bright_dogs_from_dark_cats(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(epochs=12), splits, tmp_path)
    run.run()
    assert run.history[-1]["val_accuracy"] == 1
    assert run.history[-1]["val_loss"] < 0.2


def test_events_for_tensorboard_are_written_on_request(
    one_epoch: TrainingRun, splits: Splits, tmp_path: Path
) -> None:
    assert not (one_epoch.folder.path / "tensorboard").exists()
    run = new_run(small(epochs=3, tensorboard=True), splits, tmp_path)
    run.run()
    (events,) = (tmp_path / "tensorboard").iterdir()  # one file for all epochs
    assert events.read_bytes().count(b"val_loss") == 3


# ---- What outsiders see ----


def test_the_status_says_how_far_a_run_is(one_epoch: TrainingRun) -> None:
    status = one_epoch.folder.status()
    assert status["state"] == "running"
    steps = 2 * STEPS  # its batches are half as large
    assert (status["epoch"], status["epochs"], status["step"], status["steps"]) == (1, 1, steps, steps)
    assert status["seconds_left"] == 0
    assert (status["precision"], status["device"]) == ("float32", one_epoch.devices.name)
    assert status["loss"] == pytest.approx(one_epoch.history[0]["loss"], abs=1e-4)
    assert status["accuracy"] == pytest.approx(one_epoch.history[0]["accuracy"], abs=1e-4)
    assert status["images_per_second"] > 0
    assert 0 <= status["waiting_fraction"] <= 1


def test_decoding_says_so_and_the_groups_of_steps_are_written(splits: Splits, tmp_path: Path) -> None:
    states = []
    run = TrainingRun(small(epochs=1), splits, tmp_path / "run", tmp_path / "pixels")
    write = run.folder.write_status
    run.folder.write_status = lambda state, **facts: (states.append((state, facts)), write(state, **facts))
    run.run()
    decoding = [facts["fraction"] for state, facts in states if state == "preparing"]
    assert decoding == pytest.approx([24 / 44, 34 / 44, 1])  # all three sets, before the first step
    assert [state for state, _ in states[:3]] == ["preparing"] * 3
    assert states[-1][0] == "running"
    rows = run.folder.steps()  # one, or more on a slow machine
    assert (rows[-1]["epoch"], rows[-1]["step"], rows[-1]["steps"]) == (1, STEPS, STEPS)
    steps = np.diff([0, *(row["step"] for row in rows)])
    assert np.average([row["loss"] for row in rows], weights=steps) == pytest.approx(
        run.history[0]["loss"], abs=1e-4
    )


def test_the_film_keeps_the_epochs_promised_and_epoch_0_is_the_untrained_network(
    one_epoch: TrainingRun, splits: Splits
) -> None:
    store = ModelStore(one_epoch.folder.path / "film")
    assert [card.key for card in store.cards()] == ["epoch_0000", "epoch_0001"]
    x = resized(splits.validation) / np.float32(255)
    fresh = Network(one_epoch.config, 2, STEPS, backend.Devices(), "float32")
    untrained = store.open("epoch_0000").probe.model.predict_on_batch(x)[:, 0]
    np.testing.assert_allclose(untrained, fresh.probabilities(resized(splits.validation))[:, 1], atol=1e-5)
    last = store.open("epoch_0001")
    expected = one_epoch.probabilities(splits.validation)[:, 1]
    np.testing.assert_allclose(last.probe.model.predict_on_batch(x)[:, 0], expected, atol=1e-5)
    assert np.abs(expected - untrained).max() > 1e-3
    assert last.card.accuracy == one_epoch.history[0]["val_accuracy"]
    assert store.open("epoch_0000").card.accuracy is None


@pytest.mark.parametrize(
    ("epochs", "frames", "expected"),
    [
        (15, 0, set()),
        (15, 1, {15}),
        (15, 2, {0, 15}),
        (15, 3, {0, 1, 15}),
        (16, 6, {0, 1, 2, 4, 8, 16}),
        (1, 8, {0, 1}),
        (2, 8, {0, 1, 2}),
    ],
)
def test_the_epochs_of_a_film_are_spread_like_powers(epochs: int, frames: int, expected: set[int]) -> None:
    assert epochs_to_film(epochs, frames) == expected


@pytest.mark.parametrize("frames", range(17))
@pytest.mark.parametrize("epochs", [1, 7, 48, 500])
def test_a_film_never_has_more_frames_than_asked_for(epochs: int, frames: int) -> None:
    kept = epochs_to_film(epochs, frames)
    assert len(kept) <= frames
    assert (epochs in kept) == (frames > 0)
    assert kept <= set(range(epochs + 1))


# ---- Ends before the end ----


def test_a_run_stops_after_so_many_epochs_without_a_lower_loss_and_stays_stopped(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.4, 0.4, 0.45])
    config = small(epochs=9, early_stopping_epochs=2)
    run = new_run(config, splits, tmp_path)
    run.run()
    assert len(run.history) == 4  # the same loss again is no lower one
    assert run.best_epoch == 2
    assert run.stops_early()
    again = new_run(config, splits, tmp_path)
    again.run()
    assert len(again.history) == 4


def test_without_early_stopping_all_epochs_are_trained(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.6, 0.7])
    run = new_run(small(epochs=3), splits, tmp_path)
    run.run()
    assert len(run.history) == 3


def test_the_weights_of_the_best_epoch_are_kept_beside_the_last_ones(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.4, 0.6])
    run, by_epoch = new_run(small(epochs=3, keep="best"), splits, tmp_path), []
    finish_epoch = run._finish_epoch
    run._finish_epoch = lambda *rest: (finish_epoch(*rest), by_epoch.append(run.network.model.get_weights()))
    run.run()
    for best, second, last in zip(run.weights_to_keep()[1], by_epoch[1], by_epoch[2], strict=True):
        np.testing.assert_array_equal(best, second)
        assert not np.array_equal(best, last)


def test_a_run_that_is_asked_to_stop_does_so_after_the_step_and_keeps_the_epochs_before(
    splits: Splits, tmp_path: Path
) -> None:
    run, steps = new_run(small(), splits, tmp_path), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(Cancelled, match="finished epochs are kept"):
        run.run(stopped=lambda: len(steps) == STEPS + 2)
    assert len(steps) == STEPS + 2
    assert len(run.folder.history()) == len(checkpoint(run).history) == 1


def test_a_run_can_be_stopped_while_it_decodes(splits: Splits, tmp_path: Path) -> None:
    run = TrainingRun(small(), splits, tmp_path / "run", tmp_path / "pixels")
    with pytest.raises(Cancelled, match="decoded"):
        run.run(stopped=lambda: True)
    assert list((tmp_path / "pixels").iterdir()) == []
    assert run.folder.load() is None


def test_a_loss_that_is_no_number_ends_a_run_and_its_finished_epochs_are_kept(
    splits: Splits, tmp_path: Path
) -> None:
    run = new_run(small(), splits, tmp_path)

    def poison(number: int, _: tuple[Any, ...]) -> None:
        if number == STEPS + 2:
            run.network.model.set_weights([w * np.nan for w in run.network.model.get_weights()])

    before_each_step(run, poison)
    with pytest.raises(TrainingError, match=r"nan in epoch 2, step 2\..*lower learning rate"):
        run.run()
    assert len(run.folder.history()) == 1
    assert all(np.isfinite(w).all() for w in checkpoint(run).weights)


def test_answers_that_are_no_numbers_end_a_run(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(average_decay=0.5), splits, tmp_path)
    take = run.network.take_averaged_weights

    def poisoned() -> None:
        run.network.average.values = [w * np.nan for w in run.network.average.values]
        take()

    run.network.take_averaged_weights = poisoned  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match="nan in epoch 1"):
        run.run()
    assert run.folder.load() is None


def test_a_validation_loss_that_is_no_number_is_never_saved(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, float("nan")])
    run = new_run(small(), splits, tmp_path)
    with pytest.raises(TrainingError, match="epoch 2"):
        run.run()
    assert len(checkpoint(run).history) == len(run.history) == 1


# ---- What cannot be trained ----


def test_fewer_pictures_than_a_batch_are_refused(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"batch of 64 training pictures. Received: 24\."):
        new_run(small(batch_size=64), splits, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_network_that_flattens_its_maps_takes_one_size(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one picture size for lecture_regularized"):
        new_run(small(sizes_px=(16, 32), stage_shares=(0.5, 0.5)), splits, tmp_path)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"preset": "photo_cnn"}, r"32 px or more for photo_cnn.*Received: 16 px\. Raise"),
        ({"preset": "photo_cnn", "input_size_px": 31}, "Received: 31 px"),
        (
            {"preset": "photo_cnn", "input_size_px": 64, "sizes_px": (24, 48), "stage_shares": (0.5, 0.5)},
            "Received: 24 px",
        ),
        ({"preset": "report_baseline", "input_size_px": 45}, "46 px or more for report_baseline"),
    ],
)
def test_pictures_too_small_for_the_network_are_refused_at_once(
    splits: Splits, tmp_path: Path, changes: dict[str, Any], found: str
) -> None:
    with pytest.raises(DataError, match=found):
        new_run(small(**changes), splits, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_unknown_preset_is_refused(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="resnet"):
        new_run(small(preset="resnet"), splits, tmp_path)
