"""The diagnosis knows what was to be learned: smoothed targets, rare classes, weights for them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_up_curves import Rows, rows, standing, under_fitted

from cnn_core.training.diagnosis.diagnosis import diagnose
from cnn_core.training.diagnosis.task import Task

RARE = {"training": (228, 12), "validation": (57, 3)}


def memorised(smoothing: float) -> Rows:
    """All training pictures right, at the lowest loss of smoothed targets; validation stays behind."""
    lowest = Task(label_smoothing=smoothing).lowest_loss
    learned = 1 - np.exp(-np.arange(15) / 2)
    return rows(
        math.log(2) - (math.log(2) - lowest) * learned,
        0.5 + 0.5 * learned,
        0.69 - 0.25 * learned,
        0.5 + 0.34 * learned,
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_what_is_learned_by_heart_is_seen_with_smoothed_targets_too(smoothing: float) -> None:
    """With 0.4 the training loss cannot fall below 0.50, and the validation loss ends at 0.44."""
    found = diagnose(memorised(smoothing), Task(label_smoothing=smoothing))
    assert found.kind == "overfitting"
    assert (found.gap_loss is None) == (smoothing > 0)


def test_without_smoothing_a_lower_validation_loss_is_no_over_fitting() -> None:
    """The same curves of plain targets: the training pictures are harder, whatever their answers."""
    assert diagnose(memorised(0.4)).kind == "good"


def test_always_the_commonest_class_is_nothing_learned() -> None:
    found = diagnose(standing(0.95, 0.95), Task(**RARE))
    assert found.kind == "underfitting"
    assert "gives 95\u00a0%" in found.sentence
    assert diagnose(standing(0.95, 0.95)).kind == "good"


def test_better_than_always_the_commonest_class_is_learned() -> None:
    assert diagnose(standing(0.99, 0.98), Task(**RARE)).kind == "good"


def test_each_set_is_held_against_its_own_commonest_class() -> None:
    """0.9 of the training pictures, nine in ten of one class, is nothing, and the gap to 0.5 is none."""
    task = Task(training=(90, 10), validation=(50, 50))
    apart = rows([0.33] * 12, [0.90] * 12, [0.9] * 12, [0.50] * 12)
    assert diagnose(apart, task).kind == "underfitting"
    assert diagnose(apart).kind == "overfitting"
    assert diagnose(standing(0.90, 0.88), task).kind == "good"


def test_a_set_of_one_class_says_nothing_about_what_is_learned() -> None:
    task = Task(training=(50, 50), validation=(10, 0))
    assert diagnose(standing(0.95, 1.0), task).kind == "good"
    assert diagnose(standing(0.52, 1.0), task).kind == "underfitting"


def test_weighted_classes_are_validated_by_the_loss_when_they_give_up_right_answers() -> None:
    """Nine in ten of either class right is worth more than 95 % by always the commonest class."""
    task = Task(**RARE, class_weights="balanced")
    found = diagnose(standing(0.90, 0.89, loss=0.25), task)
    assert found.kind == "good"
    assert found.gap_loss is None
    for loss in (0.69, math.nan):
        assert diagnose(standing(0.60, 0.60, loss=loss), task).kind == "underfitting"


def test_weights_of_equal_classes_change_nothing() -> None:
    history = memorised(0.0)
    assert diagnose(history, Task(class_weights="balanced")) == diagnose(history)


def test_what_guessing_reaches_depends_on_the_number_of_classes() -> None:
    """0.63 is a little more than guessing for two classes, and well learned for ten."""
    history = under_fitted(jitter=0)
    assert diagnose(history).kind == "underfitting"
    assert diagnose(history, Task(training=(1,) * 10, validation=(1,) * 10)).kind == "good"
