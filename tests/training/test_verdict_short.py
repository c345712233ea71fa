"""The verdict on runs of three to seven epochs, where one epoch must not decide and a trend must be seen."""

from __future__ import annotations

import pytest
from made_up_curves import only_noise, rows

from cnn_core.training.diagnosis.diagnosis import verdict


def test_three_rising_validation_losses_are_over_fitting() -> None:
    found = verdict(rows([0.6, 0.1, 0.01], [0.7, 0.97, 1], [0.60, 0.90, 1.50], [0.65] * 3))
    assert (found.kind, found.best_epoch) == ("overfitting", 1)
    assert "since epoch 1" in found.sentence
    assert "hardly risen" not in found.sentence


def test_three_rising_validation_losses_alone_may_be_chance() -> None:
    found = verdict(rows([0.6, 0.61, 0.6], [0.78] * 3, [0.60, 0.75, 0.90], [0.78] * 3))
    assert found.kind == "good"
    assert "No over-fitting yet" in found.sentence


def test_three_falling_validation_losses_are_worth_more_epochs() -> None:
    found = verdict(rows([0.69, 0.5, 0.3], [0.5, 0.75, 0.88], [0.68, 0.50, 0.33], [0.55, 0.77, 0.87]))
    assert found.kind == "good"
    assert "more epochs may help" in found.advice
    little = verdict(rows([0.69, 0.66, 0.6], [0.5, 0.6, 0.66], [0.69, 0.65, 0.6], [0.5, 0.6, 0.66]))
    assert "still falling" in little.sentence


def test_three_rising_training_losses_have_diverged() -> None:
    losses, accuracies = [0.3, 0.9, 2.0], [0.9, 0.6, 0.5]
    assert verdict(rows(losses, accuracies, losses, accuracies)).kind == "diverged"


@pytest.mark.parametrize("epochs", range(3, 8))
def test_one_bad_last_epoch_is_not_a_diverged_training(epochs: int) -> None:
    losses = [0.6, 0.5, 0.4, 0.35, 0.3, 0.28][: epochs - 1]
    shares = [0.8, 0.85, 0.88, 0.9, 0.9, 0.9][: epochs - 1]
    assert verdict(rows([*losses, 3.0], [*shares, 0.5], [*losses, 3.0], [*shares, 0.5])).kind == "good"


@pytest.mark.parametrize("epochs", range(3, 12))
def test_one_bad_last_epoch_is_no_over_fitting(epochs: int) -> None:
    """0.72 after a steady 0.84 is 0.18 below the training, twice as much as a gap may be."""
    before = epochs - 1
    found = verdict(rows([0.3] * epochs, [0.90] * epochs, [*[0.40] * before, 0.41], [*[0.84] * before, 0.72]))
    assert found.kind == "good"
    assert found.gap_accuracy == pytest.approx(0.06)


def test_the_end_of_a_short_run_is_the_median_of_its_last_three_epochs() -> None:
    shares = [0.55, 0.77, 0.81, 0.84, 0.72]
    found = verdict(rows([0.69, 0.5, 0.4, 0.3, 0.25], [0.5, 0.75, 0.82, 0.88, 0.9], [0.5] * 5, shares))
    assert found.gap_accuracy == pytest.approx(0.88 - 0.81)
    assert "88\u00a0% of the training and 81\u00a0% of the validation" in found.sentence


def test_one_higher_last_loss_is_neither_called_a_rise_nor_denied() -> None:
    found = verdict(rows([0.5, 0.4, 0.3], [0.8, 0.85, 0.9], [0.48, 0.45, 0.60], [0.80, 0.84, 0.82]))
    assert found.kind == "good"
    assert "hardly risen" not in found.sentence
    assert "above its lowest, 0.45 in epoch 2" in found.sentence
    assert "some more epochs" in found.advice
    wide = verdict(rows([0.5, 0.3, 0.2], [0.8, 0.95, 0.98], [0.48, 0.45, 0.60], [0.80, 0.80, 0.80]))
    assert wide.kind == "overfitting"
    assert "hardly risen" not in wide.sentence


def test_a_rise_over_the_last_two_of_four_epochs_is_seen() -> None:
    found = verdict(rows([0.6, 0.4, 0.2, 0.1], [0.7, 0.8, 0.86, 0.88], [0.6, 0.55, 0.7, 0.9], [0.8] * 4))
    assert (found.kind, found.best_epoch) == ("overfitting", 2)


@pytest.mark.parametrize("epochs", range(3, 8))
@pytest.mark.parametrize("jitter", [0.01, 0.05, 0.2])
def test_noise_is_seldom_called_over_fitting_in_a_short_run(epochs: int, jitter: float) -> None:
    kinds = [verdict(only_noise(seed, jitter)[:epochs]).kind for seed in range(100)]
    assert kinds.count("underfitting") >= 95
