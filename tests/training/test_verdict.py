"""The verdict on curves whose story is known, and on those of real runs."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up_curves import Rows, converged, only_noise, over_fitted, rows, under_fitted

from cnn_core.training.diagnosis.diagnosis import Verdict, verdict
from cnn_core.training.diagnosis.task import Task

SEEDS = range(20)


# Folder under models/ with the history of a real run, and what it must be called. A person who bundles
# another run adds a line.
REAL_RUNS = [("cats_dogs", "good"), ("report_baseline", "overfitting"), ("report_regularized", "good")]


@pytest.mark.parametrize(
    ("curves", "kind"),
    [
        (over_fitted, "overfitting"),
        (lambda seed: over_fitted(seed, jitter=0.05), "overfitting"),
        (converged, "good"),
        (lambda seed: converged(seed, jitter=0.05), "good"),
        (under_fitted, "underfitting"),
    ],
    ids=["over", "over, noisy", "converged", "converged, noisy", "under"],
)
def test_a_clear_story_is_told_right_whatever_the_noise(curves: Callable[[int], Rows], kind: str) -> None:
    assert [verdict(curves(seed)).kind for seed in SEEDS] == [kind] * len(SEEDS)


@pytest.mark.parametrize("jitter", [0.01, 0.05, 0.2])
def test_noise_is_seldom_called_over_fitting(jitter: float) -> None:
    """Curves without any story say by chance, now and then, that they have risen: in one of 20 at most."""
    kinds = [verdict(only_noise(seed, jitter)).kind for seed in range(100)]
    assert kinds.count("underfitting") >= 95
    assert "good" not in kinds


def test_over_fitting_names_the_epoch_the_losses_and_the_gap() -> None:
    found = verdict(over_fitted(jitter=0))
    assert (found.kind, found.best_epoch) == ("overfitting", 5)
    assert found.lowest_val_loss == pytest.approx(0.5 + 0.12 * math.exp(-2.5))
    # Means of epochs 13 to 15.
    falling = np.exp(-0.16 * np.arange(12, 15)).mean()
    assert found.gap_accuracy == pytest.approx(0.98 - 0.43 * falling - 0.73, abs=0.02)
    assert found.gap_loss == pytest.approx(0.5 + 0.03 * 9 - (0.66 * falling + 0.02), abs=0.01)
    assert "since epoch 5" in found.sentence
    assert "0.51" in found.sentence
    assert "Stop at epoch 5" in found.advice
    assert "augmentation" in found.advice
    assert "dropout" in found.advice


def test_over_fitting_right_at_the_start_asks_for_shorter_steps_too() -> None:
    """Lowest in epoch 2, from then on up."""
    history = rows(
        np.linspace(0.5, 0.01, 10),
        np.linspace(0.7, 1, 10),
        [0.6, 0.55, *np.linspace(0.6, 1.4, 8)],
        [0.7] * 10,
    )
    assert verdict(history).best_epoch == 2
    assert "learning rate" in verdict(history).advice
    assert "learning rate" not in verdict(over_fitted()).advice


def test_a_wide_gap_is_over_fitting_before_the_loss_rises() -> None:
    epoch = np.arange(1, 13)
    history = rows(0.6 / epoch, 1 - 0.4 / epoch, 0.5 + 0.1 / epoch, 0.8 - 0.2 / epoch)
    found = verdict(history)
    assert found.kind == "overfitting"
    assert "lowest, 0.51, in epoch 12, the last" in found.sentence
    assert "Stop" not in found.advice
    assert "Epoch 12 is the one to keep" in found.advice


def test_a_run_still_on_its_way_down_should_go_on() -> None:
    found = verdict(converged(epochs=10, speed=0.08, jitter=0))
    assert (found.kind, found.best_epoch) == ("good", 10)
    assert "more epochs may help" in found.advice


def test_a_run_that_has_arrived_needs_no_more_epochs() -> None:
    assert "hardly help" in verdict(converged(jitter=0, epochs=80)).advice


def test_validation_ahead_of_training_is_called_normal() -> None:
    """Dropout and augmentation make the training pictures harder."""
    history = converged(jitter=0)
    for row in history:
        row["accuracy"] -= 0.08
        row["loss"] += 0.1
    found = verdict(history)
    assert found.kind == "good"
    assert found.gap_accuracy < -0.02
    assert "normal" in found.sentence
    assert "normal" not in verdict(converged(jitter=0)).sentence


def test_hard_training_pictures_alone_are_no_under_fitting() -> None:
    history = converged(jitter=0)
    for row in history:
        row["accuracy"] = 0.7
    assert verdict(history).kind == "good"


def test_what_guessing_reaches_depends_on_the_number_of_classes() -> None:
    """0.63 is a little more than guessing for two classes, and well learned for ten."""
    history = under_fitted(jitter=0)
    assert verdict(history).kind == "underfitting"
    assert verdict(history, Task(training=(1,) * 10, validation=(1,) * 10)).kind == "good"


def test_a_run_that_learned_nothing_is_told_from_one_that_learned_little() -> None:
    assert "Next to nothing" in verdict(only_noise()).sentence
    assert "guessing gives 50\u00a0%" in verdict(only_noise()).sentence
    assert "not enough" in verdict(under_fitted()).sentence


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "nan"])
def test_a_loss_that_is_no_number_any_more_has_diverged(wrong: object) -> None:
    history = over_fitted()[:6]
    history[-1] |= {"loss": wrong, "val_loss": wrong}
    found = verdict(history)
    assert found.kind == "diverged"
    assert "no finite number" in found.sentence
    assert "Lower the learning rate" in found.advice
    assert f"epoch {found.best_epoch}" in found.advice
    assert found.best_epoch is not None
    assert found.best_epoch < 6


def test_a_run_that_never_had_a_number_has_diverged() -> None:
    nothing = [math.nan] * 2
    found = verdict(rows(nothing, [0.5, 0.5], nothing, [0.5, 0.5]))
    assert (found.kind, found.best_epoch, found.gap_loss) == ("diverged", None, None)


def test_a_training_that_fell_apart_has_diverged_and_is_not_over_fitted() -> None:
    """From 0.3 back to guessing, on both splits."""
    losses = [0.69, 0.5, 0.35, 0.3, 0.7, 0.75, 0.8, 0.78, 0.8]
    accuracies = [0.5, 0.75, 0.85, 0.88, 0.5, 0.5, 0.5, 0.5, 0.5]
    found = verdict(rows(losses, accuracies, losses, accuracies))
    assert (found.kind, found.best_epoch) == ("diverged", 4)
    assert "risen and stayed high" in found.sentence


@pytest.mark.parametrize("count", [0, 1, 2])
def test_up_to_two_epochs_are_too_early_to_tell(count: int) -> None:
    found = verdict(over_fitted()[:count])
    assert found.kind == "too_early"
    assert found.best_epoch == (None, 1, 2)[count]
    assert (found.gap_accuracy is None) == (count == 0)


@pytest.mark.parametrize("missing", [None, "", math.nan, "nan"])
def test_training_figures_missing_at_first_change_nothing(missing: object) -> None:
    whole, partly = over_fitted(), over_fitted()
    for row in partly[:4]:
        row["loss"] = row["accuracy"] = missing
    assert verdict(partly) == verdict(whole)


@pytest.mark.parametrize("missing", [None, "", math.nan])
def test_without_any_training_figure_the_validation_loss_speaks_alone(missing: object) -> None:
    history = [row | {"loss": missing, "accuracy": missing} for row in over_fitted()]
    found = verdict(history)
    assert (found.kind, found.best_epoch) == ("overfitting", verdict(over_fitted()).best_epoch)
    assert (found.gap_accuracy, found.gap_loss) == (None, None)
    assert "nan" not in found.sentence


def test_columns_that_do_not_exist_are_missing_values() -> None:
    history = [{"epoch": row["epoch"], "val_loss": row["val_loss"]} for row in converged(jitter=0)]
    found = verdict(history)
    assert (found.kind, found.gap_accuracy) == ("good", None)
    assert "nan" not in found.sentence + found.advice


def test_one_spike_is_no_over_fitting() -> None:
    for place in (10, 38, 39):
        history = converged(jitter=0)
        history[place]["val_loss"] = 3.0
        assert verdict(history).kind == "good", place


def test_one_lucky_dip_is_the_best_epoch_and_decides_nothing_else() -> None:
    history = converged(jitter=0)
    history[20]["val_loss"] = 0.05
    found = verdict(history)
    assert (found.kind, found.best_epoch, found.lowest_val_loss) == ("good", 21, 0.05)


def test_text_from_a_file_says_the_same_as_numbers() -> None:
    text = [{name: str(value) for name, value in row.items()} for row in over_fitted()]
    assert verdict(text) == verdict(over_fitted())


def test_the_arguments_are_not_changed() -> None:
    history = over_fitted()
    before = [dict(row) for row in history]
    verdict(history)
    assert history == before


@pytest.mark.parametrize(
    "curves", [over_fitted, converged, under_fitted, only_noise], ids=lambda curves: curves.__name__
)
def test_every_verdict_says_something_to_do(curves: Callable[[], Rows]) -> None:
    for count in range(1, len(curves()) + 1):
        found = verdict(curves()[:count])
        assert found.sentence.endswith(".")
        assert found.advice.endswith(".")
        assert "nan" not in found.sentence + found.advice


@pytest.mark.parametrize(("folder", "kind"), REAL_RUNS)
def test_the_verdict_on_a_real_run(folder: str, kind: str, project_root: Path) -> None:
    with (project_root / "models" / folder / "history.csv").open(encoding="utf-8") as file:
        found: Verdict = verdict(list(csv.DictReader(file)))
    assert found.kind == kind
    assert ("Over-fitted" in found.sentence) == (kind == "overfitting")
