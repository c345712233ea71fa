"""ROC, precision-recall and reliability, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from predicted import random_scores

from cnn_core.errors import DataError
from cnn_core.evaluation.curves import best_threshold, precision_recall_curve, reliability, roc_curve

# The example of scikit-learn's documentation; the figures below are those that it prints.
SCORES = np.array([0.1, 0.4, 0.35, 0.8], np.float32)
TRUTH = np.array([False, False, True, True])


SLIDER = [step / 100 for step in range(101)]


def test_the_roc_curve_of_the_known_example() -> None:
    curve = roc_curve(SCORES, TRUTH)
    np.testing.assert_array_equal(curve.false_positive_rate, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_array_equal(curve.true_positive_rate, [0, 0.5, 0.5, 1, 1])
    np.testing.assert_allclose(curve.thresholds, [np.inf, 0.8, 0.4, 0.35, 0.1])
    assert curve.area == 0.75


def test_equal_scores_make_one_slope_instead_of_two_steps() -> None:
    curve = roc_curve(np.array([0.5, 0.5, 0.2]), np.array([True, False, False]))
    assert curve.true_positive_rate.tolist() == [0, 1, 1]
    assert curve.false_positive_rate.tolist() == [0, 0.5, 1]
    assert curve.area == 0.75


def test_the_order_of_the_pictures_does_not_matter() -> None:
    scores, positive = random_scores(1)
    other = np.random.default_rng(2).permutation(len(scores))
    one, two = roc_curve(scores, positive), roc_curve(scores[other], positive[other])
    np.testing.assert_array_equal(one.true_positive_rate, two.true_positive_rate)


def test_one_score_for_all_is_the_diagonal() -> None:
    curve = roc_curve(np.full(4, 0.3), np.array([True, False, False, True]))
    np.testing.assert_array_equal(curve.true_positive_rate, [0, 1])
    np.testing.assert_array_equal(curve.false_positive_rate, [0, 1])
    assert curve.area == 0.5


@pytest.mark.parametrize("truth", [True, False])
def test_a_roc_curve_needs_both_kinds(truth: bool) -> None:
    with pytest.raises(DataError, match="a set that shows both"):
        roc_curve(np.array([0.1, 0.9]), np.array([truth, truth]))


@pytest.mark.parametrize(
    ("threshold", "rates"),
    [
        (0.9, (0, 0)),
        (0.8, (0, 0.5)),
        (0.5, (0, 0.5)),
        (0.4, (0.5, 0.5)),
        (0.38, (0.5, 0.5)),
        (0.0, (1, 1)),
        (math.inf, (0, 0)),
    ],
)
def test_the_point_of_a_threshold_takes_what_is_at_least_that(
    threshold: float, rates: tuple[float, float]
) -> None:
    """0.8 and 0.4 are no exact numbers in float32; their pictures count all the same."""
    curve = roc_curve(SCORES, TRUTH)
    place = curve.place(threshold)
    assert (curve.false_positive_rate[place], curve.true_positive_rate[place]) == rates


def test_the_precision_recall_curve_of_the_known_example() -> None:
    curve = precision_recall_curve(SCORES, TRUTH)
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3, 1 / 2])
    np.testing.assert_allclose(curve.recall, [0.5, 0.5, 1, 1])
    np.testing.assert_allclose(curve.thresholds, [0.8, 0.4, 0.35, 0.1])
    assert curve.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert curve.prevalence == 0.5


def test_average_precision_is_a_stair_and_not_a_trapezoid() -> None:
    """The straight line from (1/2, 1) to (1, 2/3) would give 0.917 instead of 0.833."""
    curve = precision_recall_curve(np.array([0.9, 0.5, 0.4]), np.array([True, False, True]))
    assert curve.average_precision == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_of_one_score_for_all_is_the_prevalence() -> None:
    curve = precision_recall_curve(np.full(5, 0.5), np.array([True, False, False, False, False]))
    assert curve.average_precision == curve.prevalence == 0.2


def test_average_precision_is_1_where_all_positives_come_first_or_all_are_positive() -> None:
    assert precision_recall_curve(np.array([0.9, 0.8, 0.1]), np.array([1, 1, 0], bool)).average_precision == 1
    assert precision_recall_curve(np.array([0.9, 0.1]), np.array([1, 1], bool)).average_precision == 1


def test_precision_without_a_positive_is_refused() -> None:
    with pytest.raises(DataError, match="none among 2"):
        precision_recall_curve(np.array([0.9, 0.1]), np.array([False, False]))


def test_there_is_no_precision_where_nobody_is_answered() -> None:
    curve = precision_recall_curve(SCORES, TRUTH)
    assert curve.place(0.81) is None
    assert curve.place(0.8) == 0
    assert curve.place(0) == 3


def test_answers_are_sorted_into_bins_of_their_confidence() -> None:
    """0.5 and 0.55 with one right, 0.75 right, 1.0 wrong, in four bins; the first two stay empty."""
    bins = reliability(np.array([0.5, 0.55, 0.75, 1.0]), np.array([True, False, True, False]), bins=4)
    np.testing.assert_array_equal(bins.edges, [0, 0.25, 0.5, 0.75, 1])
    assert bins.counts.tolist() == [0, 0, 2, 2]
    np.testing.assert_allclose(bins.confidence, [np.nan, np.nan, 0.525, 0.875])
    np.testing.assert_allclose(bins.accuracy, [np.nan, np.nan, 0.5, 0.5])
    assert bins.calibration_error == pytest.approx((2 * 0.025 + 2 * 0.375) / 4)


def test_always_the_share_of_the_class_is_calibrated_and_says_nothing() -> None:
    assert reliability(np.full(4, 0.75), np.array([1, 1, 1, 0], bool)).calibration_error == 0


def test_one_answer_is_one_bin() -> None:
    assert reliability(np.array([0.6]), np.array([False])).calibration_error == pytest.approx(0.6)


@pytest.mark.parametrize("seed", range(8))
def test_the_best_step_of_a_slider_is_found_as_by_trying_all(seed: int) -> None:
    """300 scores lie denser than the steps, so that the best number between them, rounded, does worse."""
    rng = np.random.default_rng(seed)
    positive = rng.random(300) < 0.4
    scores = np.clip(rng.normal(0.45 + 0.1 * positive, 0.02), 0, 1).astype(np.float32)
    correct = {step: int(np.sum((scores >= np.float32(step)) == positive)) for step in SLIDER}
    best = (step for step in SLIDER if correct[step] == max(correct.values()))
    found = best_threshold(roc_curve(scores, positive), SLIDER)
    assert found == min(best, key=lambda step: (round(abs(step - 0.5), 9), step))


def test_of_equally_good_steps_the_one_nearest_to_one_half_is_taken() -> None:
    curve = roc_curve(np.array([0.2, 0.9]), np.array([False, True]))
    assert best_threshold(curve, SLIDER) == 0.5
    assert best_threshold(curve, [0.3, 0.45, 0.55, 0.6]) == 0.45


def test_scores_one_rounding_apart_are_told_apart() -> None:
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    curve = roc_curve(np.array([low, high]), np.array([False, True]))
    assert best_threshold(curve, [float(low), float(high)]) == float(high)


def test_the_best_step_may_answer_all_or_none() -> None:
    assert best_threshold(roc_curve(np.zeros(3), np.array([True, True, False])), SLIDER) == 0
    assert best_threshold(roc_curve(np.array([0.9, 0.9, 0.2]), np.array([False, False, True])), SLIDER) > 0.9
