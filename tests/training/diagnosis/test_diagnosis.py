"""The diagnosis of curves whose story is known, and of those of real runs."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up_curves import Rows, converged, only_noise, over_fitted, rows, standing, under_fitted

from cnn_core.training.diagnosis.diagnosis import diagnose
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
    assert [diagnose(curves(seed)).kind for seed in SEEDS] == [kind] * len(SEEDS)


@pytest.mark.parametrize("jitter", [0.01, 0.05, 0.2])
def test_noise_is_seldom_called_over_fitting(jitter: float) -> None:
    """Curves without any story say by chance, now and then, that they have risen: in one of 20 at most."""
    kinds = [diagnose(only_noise(seed, jitter)).kind for seed in range(100)]
    assert kinds.count("underfitting") >= 95
    assert "good" not in kinds


def test_over_fitting_names_the_epoch_the_losses_and_the_gap() -> None:
    found = diagnose(over_fitted(jitter=0))
    assert (found.kind, found.best_epoch) == ("overfitting", 5)
    assert found.lowest_val_loss == pytest.approx(0.5 + 0.12 * math.exp(-2.5))
    falling = np.exp(-0.16 * np.arange(12, 15)).mean()  # epochs 13 to 15
    assert found.gap_accuracy == pytest.approx(0.98 - 0.43 * falling - 0.73, abs=0.02)
    assert found.gap_loss == pytest.approx(0.5 + 0.03 * 9 - (0.66 * falling + 0.02), abs=0.01)
    assert "epoch 5 with 0.51, is 0.80" in found.sentence
    assert "epoch 5" in found.advice


def test_a_wide_gap_is_over_fitting_before_the_loss_rises() -> None:
    epoch = np.arange(1, 13)
    found = diagnose(rows(0.6 / epoch, 1 - 0.4 / epoch, 0.5 + 0.1 / epoch, 0.8 - 0.2 / epoch))
    assert found.kind == "overfitting"
    assert "epoch 12 with 0.51, is 0.51" in found.sentence


def test_every_sentence_has_the_figures_of_its_curves() -> None:
    good, little, nothing = (
        diagnose(curves) for curves in (standing(0.85, 0.92), standing(0.64, 0.63), standing(0.5, 0.5))
    )
    assert "85.0\u00a0% of the training and 92.0\u00a0% of the validation" in good.sentence
    assert "lowest in epoch 1 with 0.20, is 0.20" in good.sentence
    assert (good.kind, good.gap_accuracy) == ("good", pytest.approx(-0.07))
    assert "64.0\u00a0% of the training and 63.0\u00a0%" in little.sentence
    assert "gives 50\u00a0%" in nothing.sentence


def test_more_epochs_are_the_advice_where_there_were_few_or_the_loss_still_falls() -> None:
    falling = converged(epochs=20, speed=0.08, jitter=0)
    few = standing(0.9, 0.89, epochs=9)
    uneven = standing(0.9, 0.89)
    for place, loss in enumerate([0.2, 0.3, 0.2, 0.3, 0.2, 0.3, 0.3, 0.3], start=4):
        uneven[place]["val_loss"] = loss
    assert diagnose(uneven).kind == "good"
    for history in (falling, few, uneven, standing(0.6, 0.6, epochs=9), under_fitted(jitter=0)):
        assert diagnose(history).advice.startswith("Train for more epochs")
    for history in (converged(jitter=0, epochs=80), standing(0.9, 0.89), standing(0.6, 0.6)):
        assert not diagnose(history).advice.startswith("Train for more epochs")


def test_the_advice_fits_what_was_learned() -> None:
    rare = Task(training=(95, 5), validation=(95, 5))
    weighted = Task(training=(95, 5), validation=(95, 5), class_weights="balanced")
    assert "larger network" in diagnose(standing(0.65, 0.65)).advice
    assert "learning rate" in diagnose(standing(0.51, 0.51)).advice
    assert "class weights" in diagnose(standing(0.95, 0.95), rare).advice
    assert "class weights" not in diagnose(standing(0.6, 0.6, loss=0.69), weighted).advice
    assert "gap" in diagnose(standing(0.95, 0.87)).advice


def test_hard_training_pictures_alone_are_no_under_fitting() -> None:
    history = converged(jitter=0)
    for row in history:
        row["accuracy"] = 0.7
    assert diagnose(history).kind == "good"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "nan"])
def test_a_loss_that_is_no_number_any_more_has_diverged(wrong: object) -> None:
    history = over_fitted()[:6]
    history[-1] |= {"loss": wrong, "val_loss": wrong}
    found = diagnose(history)
    assert found.kind == "diverged"
    assert found.best_epoch is not None
    assert found.best_epoch < 6
    assert f"epoch {found.best_epoch}" in found.sentence
    assert "learning rate" in found.advice


def test_a_run_that_never_had_a_number_has_diverged() -> None:
    nothing = [math.nan] * 2
    found = diagnose(rows(nothing, [0.5, 0.5], nothing, [0.5, 0.5]))
    assert (found.kind, found.best_epoch, found.gap_loss) == ("diverged", None, None)


def test_a_training_that_fell_apart_has_diverged_and_is_not_over_fitted() -> None:
    """From 0.3 back to guessing, on both splits."""
    losses = [0.69, 0.5, 0.35, 0.3, 0.7, 0.75, 0.8, 0.78, 0.8]
    accuracies = [0.5, 0.75, 0.85, 0.88, 0.5, 0.5, 0.5, 0.5, 0.5]
    found = diagnose(rows(losses, accuracies, losses, accuracies))
    assert (found.kind, found.best_epoch) == ("diverged", 4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_up_to_two_epochs_are_too_early_to_tell(count: int) -> None:
    found = diagnose(over_fitted()[:count])
    assert (found.kind, found.best_epoch) == ("too_early", (None, 1, 2)[count])
    assert (found.gap_accuracy is None) == (count == 0)
    assert found.sentence.startswith(f"{count} of at least 3 epochs")


@pytest.mark.parametrize("missing", [None, "", math.nan, "nan"])
def test_training_figures_missing_at_first_change_nothing(missing: object) -> None:
    whole, partly = over_fitted(), over_fitted()
    for row in partly[:4]:
        row["loss"] = row["accuracy"] = missing
    assert diagnose(partly) == diagnose(whole)


@pytest.mark.parametrize("missing", [{"loss": None, "accuracy": None}, {"loss": "", "accuracy": math.nan}])
def test_without_any_training_figure_the_validation_loss_speaks_alone(missing: dict[str, object]) -> None:
    found = diagnose([row | missing for row in over_fitted()])
    assert (found.kind, found.best_epoch) == ("overfitting", diagnose(over_fitted()).best_epoch)
    assert (found.gap_accuracy, found.gap_loss) == (None, None)


def test_columns_that_do_not_exist_are_missing_values() -> None:
    found = diagnose([{"epoch": row["epoch"], "val_loss": row["val_loss"]} for row in converged(jitter=0)])
    assert (found.kind, found.gap_accuracy) == ("good", None)
    assert "nan" not in found.sentence + found.advice


def test_one_spike_is_no_over_fitting() -> None:
    for place in (10, 38, 39):
        history = converged(jitter=0)
        history[place]["val_loss"] = 3.0
        assert diagnose(history).kind == "good", place


def test_one_lucky_dip_is_the_best_epoch_and_decides_nothing_else() -> None:
    history = converged(jitter=0)
    history[20]["val_loss"] = 0.05
    found = diagnose(history)
    assert (found.kind, found.best_epoch, found.lowest_val_loss) == ("good", 21, 0.05)


def test_text_from_a_file_says_the_same_as_numbers_and_is_not_changed() -> None:
    text = [{name: str(value) for name, value in row.items()} for row in over_fitted()]
    before = [dict(row) for row in text]
    assert diagnose(text) == diagnose(over_fitted())
    assert text == before


@pytest.mark.parametrize(
    "curves", [over_fitted, converged, under_fitted, only_noise], ids=lambda curves: curves.__name__
)
def test_every_diagnosis_is_a_sentence_and_something_to_do(curves: Callable[[], Rows]) -> None:
    for count in range(len(curves()) + 1):
        found = diagnose(curves()[:count])
        for text in (found.sentence, found.advice):
            assert text.endswith(".")
            assert "{" not in text
            assert "nan" not in text or count == 0


@pytest.mark.parametrize(("folder", "kind"), REAL_RUNS)
def test_the_diagnosis_of_a_real_run(folder: str, kind: str, project_root: Path) -> None:
    with (project_root / "models" / folder / "history.csv").open(encoding="utf-8") as file:
        assert diagnose(list(csv.DictReader(file))).kind == kind
