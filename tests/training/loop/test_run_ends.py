"""Where a run ends before its end, and what is not even begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import (
    STEPS,
    before_each_step,
    cut_off,
    new_run,
    saved_checkpoint,
    small,
)

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, DataError, TrainingError
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_status import read_status
from cnn_core.training.settings.config import TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")


FINE_TUNED_LONG: dict[str, Any] = {
    "preset": "transfer",
    "epochs": 8,
    "fine_tuning_epochs": 4,
    "early_stopping_epochs": 1,
}


def judged(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Let the epochs be judged by these validation losses, one after the other."""
    found = iter(losses)
    monkeypatch.setattr(TrainingRun, "_validate", lambda _: (next(found), 0.5))


def test_a_run_stops_after_so_many_epochs_without_a_lower_loss_and_stays_stopped(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.4, 0.4, 0.45])
    config = small(epochs=9, early_stopping_epochs=2)
    run = new_run(config, splits, tmp_path)
    run.run()
    assert len(run.history) == 4  # the same loss again is no lower one
    assert run.best_epoch == 2
    assert run.is_over()
    again = new_run(config, splits, tmp_path)
    again.run()
    assert len(again.history) == 4


def transfer(**changes: Any) -> TrainingConfig:
    """Up to six epochs of the head alone, then two of all."""
    return small(preset="transfer", epochs=8, fine_tuning_epochs=2, **changes)


def rates(run: TrainingRun) -> list[float]:
    return [row["learning_rate"] for row in run.folder.history()]


def test_a_frozen_base_is_fine_tuned_as_soon_as_the_loss_falls_no_more_also_after_a_break(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hundredth of the rate tells which epochs are fine-tuning."""
    judged(monkeypatch, [0.5, 0.6, 0.7, 0.9, 0.8])
    run = new_run(transfer(early_stopping_epochs=2), splits, tmp_path)
    cut_off(run, before_step=4 * STEPS + 2)
    assert rates(run) == pytest.approx([0.01, 0.01, 0.01, 1e-4])
    again = new_run(transfer(early_stopping_epochs=2), splits, tmp_path)
    assert float(again.network.optimizer.learning_rate) == pytest.approx(1e-4)
    assert int(again.network.optimizer.iterations) == STEPS
    again.run()
    assert rates(again) == pytest.approx([0.01, 0.01, 0.01, 1e-4, 1e-4])
    assert again.is_over()
    status = read_status(again.folder.path)
    assert (status["epochs"], status["seconds_left"]) == (5, 0)


def test_fine_tuning_that_does_not_help_stops_early_too(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.6, 0.9, 0.95, 0.96, 0.97, 0.98])
    run = new_run(small(**FINE_TUNED_LONG), splits, tmp_path)
    run.run()
    assert rates(run) == pytest.approx([0.01, 0.01, 1e-4, 1e-4])


def test_fine_tuning_that_begins_early_takes_the_sizes_it_was_to_have(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, [0.5, 0.6, 0.9, 0.8])
    sizes = {"sizes_px": (16, 24), "stage_shares": (0.75, 0.25)}  # the large ones are for fine-tuning
    run = new_run(transfer(early_stopping_epochs=1, **sizes), splits, tmp_path)
    run.run()
    assert [row["size_px"] for row in run.folder.history()] == [16, 16, 24, 24]


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
    assert len(run.folder.history()) == len(saved_checkpoint(run).history) == 1


def test_a_wish_to_stop_in_the_last_step_of_an_epoch_does_not_throw_the_epoch_away(
    splits: Splits, tmp_path: Path
) -> None:
    run, steps = new_run(small(), splits, tmp_path), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(Cancelled):
        run.run(stopped=lambda: len(steps) == STEPS)
    assert len(steps) == STEPS
    assert len(saved_checkpoint(run).history) == 1


def test_a_run_can_be_stopped_while_it_decodes(splits: Splits, tmp_path: Path) -> None:
    run = TrainingRun(small(), splits, tmp_path / "run", tmp_path / "pixels")
    with pytest.raises(Cancelled):
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
    assert all(np.isfinite(w).all() for w in saved_checkpoint(run).weights)


def test_answers_that_are_no_numbers_end_a_run(splits: Splits, tmp_path: Path) -> None:
    run = new_run(small(average_decay=0.5), splits, tmp_path)
    take = run.network.take_kept_weights

    def poisoned() -> None:
        run.network.average.values = [w * np.nan for w in run.network.average.values]
        take()

    run.network.take_kept_weights = poisoned  # type: ignore[method-assign]
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
    assert len(saved_checkpoint(run).history) == len(run.history) == 1


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
