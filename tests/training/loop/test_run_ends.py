"""Where a run ends before its end, and what is not even begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import STEPS, before_each_step, cut_off, new_run, saved_checkpoint, small

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, DataError, TrainingError
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_folder import PAUSED_FILE, kept_steps
from cnn_core.training.run_status import read_status
from cnn_core.training.settings.config import TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")


def validated_at(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Let the epochs have these validation losses, one after the other."""
    found = iter(losses)
    monkeypatch.setattr("cnn_core.training.loop.run.loss_and_accuracy", lambda *_: (next(found), 0.5))


def transfer(**changes: Any) -> TrainingConfig:
    """Up to six epochs of the head alone, then two of all."""
    return small(preset="transfer", epochs=8, fine_tuning_epochs=2, **changes)


def rates(run: TrainingRun) -> list[float]:
    return [row["learning_rate"] for row in run.folder.history()]


def test_a_frozen_base_is_fine_tuned_as_soon_as_the_loss_falls_no_more_also_after_a_break(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hundredth of the rate tells which epochs are fine-tuning."""
    validated_at(monkeypatch, [0.5, 0.6, 0.7, 0.9, 0.8])
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


LARGE_FOR_FINE_TUNING: dict[str, Any] = {"sizes_px": (16, 24), "stage_shares": (0.75, 0.25)}


@pytest.mark.parametrize(
    ("config", "losses", "expected_rates", "sizes"),
    [
        (small(epochs=3), [0.5, 0.6, 0.7], [0.01] * 3, [16] * 3),
        (small(epochs=9, early_stopping_epochs=2), [0.5, 0.4, 0.4, 0.45], [0.01] * 4, [16] * 4),
        (
            small(preset="transfer", epochs=8, fine_tuning_epochs=4, early_stopping_epochs=1),
            [0.5, 0.6, 0.9, 0.95, 0.96, 0.97, 0.98],
            [0.01, 0.01, 1e-4, 1e-4],
            [16] * 4,
        ),
        (
            transfer(early_stopping_epochs=1, **LARGE_FOR_FINE_TUNING),
            [0.5, 0.6, 0.9, 0.8],
            [0.01, 0.01, 1e-4, 1e-4],
            [16, 16, 24, 24],
        ),
    ],
    ids=[
        "all epochs without early stopping",
        "the same loss again is no lower one",
        "fine-tuning that does not help",
        "fine-tuning that begins early takes its sizes",
    ],
)
def test_a_run_stops_after_so_many_epochs_without_a_lower_loss_and_stays_stopped(
    splits: Splits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    config: TrainingConfig,
    losses: list[float],
    expected_rates: list[float],
    sizes: list[int],
) -> None:
    validated_at(monkeypatch, losses)
    run = new_run(config, splits, tmp_path)
    run.run()
    assert rates(run) == pytest.approx(expected_rates)
    assert [row["size_px"] for row in run.folder.history()] == sizes
    assert run.best_epoch == 1 + losses.index(min(losses))
    assert new_run(config, splits, tmp_path).is_over()


@pytest.mark.parametrize("last", [STEPS + 2, STEPS], ids=["in an epoch", "in the last step of one"])
def test_a_run_that_is_asked_to_stop_does_so_after_the_step_and_keeps_all_steps(
    splits: Splits, tmp_path: Path, last: int
) -> None:
    run, steps = new_run(small(), splits, tmp_path), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(Cancelled, match="all steps so far are kept"):
        run.run(stopped=lambda: len(steps) == last)
    assert len(steps) == last
    assert len(run.folder.history()) == len(saved_checkpoint(run).history) == 1
    assert kept_steps(run.folder.path / PAUSED_FILE) == last % STEPS


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


# ---- What cannot be trained ----


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"batch_size": 64}, r"batch of 64 training pictures. Received: 24\."),
        ({"sizes_px": (16, 32), "stage_shares": (0.5, 0.5)}, "one picture size for"),
        ({"preset": "photo_cnn"}, r"32 px or more for .*Received: 16 px\. Raise"),
        ({"preset": "photo_cnn", "input_size_px": 31}, "Received: 31 px"),
        (
            {"preset": "photo_cnn", "input_size_px": 64, "sizes_px": (24, 48), "stage_shares": (0.5, 0.5)},
            "Received: 24 px",
        ),
        ({"preset": "report_baseline", "input_size_px": 45}, "46 px or more for"),
        ({"preset": "resnet"}, "resnet"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_there_is_a_folder(
    splits: Splits, tmp_path: Path, changes: dict[str, Any], found: str
) -> None:
    with pytest.raises(DataError, match=found):
        new_run(small(**changes), splits, tmp_path / "run")
    assert not (tmp_path / "run").exists()
