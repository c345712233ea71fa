"""Figures of a two-class model, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.training.evaluation import evaluate_binary

PROBABILITIES = np.array([0.9, 0.2, 0.4, 0.6])
LABELS = np.array([1, 0, 1, 0])


def test_accuracy_is_the_share_on_the_right_side_of_one_half() -> None:
    assert evaluate_binary(PROBABILITIES, LABELS).accuracy == 0.5


def test_exactly_one_half_answers_class_1() -> None:
    assert evaluate_binary(np.array([0.5, 0.5]), np.array([1, 0])).confusion == ((0, 1), (0, 1))


def test_confusion_counts_the_true_class_by_row() -> None:
    figures = evaluate_binary(np.array([0.9, 0.8, 0.1, 0.7, 0.2]), np.array([1, 1, 1, 0, 0]))
    assert figures.confusion == ((1, 1), (1, 2))
    assert figures.pictures == 5


def test_loss_is_the_mean_cross_entropy_in_nats() -> None:
    expected = -np.mean(np.log([0.9, 0.8, 0.4, 0.4]))
    assert evaluate_binary(PROBABILITIES, LABELS).loss == pytest.approx(expected)


def test_a_certain_mistake_costs_a_finite_loss() -> None:
    assert evaluate_binary(np.array([0.0]), np.array([1])).loss == pytest.approx(-np.log(1e-7))


def test_auc_counts_the_pairs_in_the_right_order() -> None:
    """Positives 0.9 and 0.4, negatives 0.2 and 0.6: three of four pairs are right."""
    assert evaluate_binary(PROBABILITIES, LABELS).auc == 0.75


def test_ties_count_half_in_the_auc() -> None:
    """Positive 0.5 ties one negative and beats the other: (0.5 + 1) / 2."""
    assert evaluate_binary(np.array([0.5, 0.5, 0.1]), np.array([1, 0, 0])).auc == 0.75


def test_auc_of_a_constant_is_one_half() -> None:
    assert evaluate_binary(np.full(6, 0.3), np.array([0, 1, 0, 1, 1, 1])).auc == 0.5


@pytest.mark.parametrize("label", [0, 1])
def test_auc_of_a_single_class_is_one_half(label: int) -> None:
    assert evaluate_binary(np.array([0.2, 0.8]), np.array([label, label])).auc == 0.5


def test_auc_agrees_with_the_definition_on_random_numbers() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.integers(0, 10, 60) / 10, rng.integers(0, 2, 60)
    pairs = [(a > b) + (a == b) / 2 for a in p[y == 1] for b in p[y == 0]]
    assert evaluate_binary(p, y).auc == pytest.approx(np.mean(pairs))


def test_calibration_error_weighs_the_gap_of_each_bin() -> None:
    """Two answers of confidence 0.9, one wrong (gap 0.4); two of 0.6, both right (gap 0.4)."""
    figures = evaluate_binary(np.array([0.9, 0.1, 0.6, 0.4]), np.array([1, 1, 1, 0]))
    assert figures.calibration_error == pytest.approx(0.4)


def test_bins_of_different_size_and_gap() -> None:
    """Three of confidence 0.8 with two right (gap 0.8 - 2/3), one of 1.0 that is right (gap 0)."""
    figures = evaluate_binary(np.array([0.8, 0.8, 0.2, 1.0]), np.array([1, 0, 0, 1]))
    assert figures.calibration_error == pytest.approx(0.75 * (0.8 - 2 / 3))


def test_a_perfect_and_certain_model_has_no_calibration_error() -> None:
    figures = evaluate_binary(np.array([0.0, 1.0, 1.0]), np.array([0, 1, 1]))
    assert (figures.calibration_error, figures.accuracy, figures.auc) == (0, 1, 1)


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [([], []), ([0.5], [0, 1]), ([[0.5]], [[1]])],
    ids=["none", "unequal", "ranks"],
)
def test_arrays_that_do_not_match_are_refused(probabilities: list[float], labels: list[int]) -> None:
    with pytest.raises(ValueError, match="Expected two equal one-dimensional arrays"):
        evaluate_binary(np.array(probabilities), np.array(labels))


def test_the_arguments_are_not_changed() -> None:
    p, y = PROBABILITIES.copy(), LABELS.copy()
    evaluate_binary(p, y)
    np.testing.assert_array_equal(p, PROBABILITIES)
    np.testing.assert_array_equal(y, LABELS)
