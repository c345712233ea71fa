"""The best threshold, of all numbers and of the steps of a slider."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.evaluation.curves import roc_curve
from cnn_core.evaluation.thresholds import best_threshold

SLIDER = [step / 100 for step in range(101)]


def random_scores(seed: int, count: int = 80, levels: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Scores with many ties, higher for positives."""
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < 0.4
    scores = np.clip(np.round((rng.random(count) + 0.4 * positive) * levels) / (1.4 * levels), 0, 1)
    return scores.astype(np.float32), positive


def test_the_threshold_between_two_groups_lies_in_their_middle() -> None:
    curve = roc_curve(np.array([0.1, 0.2, 0.6, 0.9]), np.array([False, False, True, True]))
    assert best_threshold(curve) == pytest.approx(0.4)
    assert best_threshold(curve, "accuracy") == pytest.approx(0.4)


def test_youden_weighs_the_classes_and_accuracy_the_pictures() -> None:
    """One positive at 0.4 among ten negatives at 0.5 and thirty at 0.1.

    From 0.4 up: recall 1 and 3/4, so J = 0.75, but 10 of 41 wrong; from above 0.5: only 1 wrong.
    """
    scores = np.array([0.4] + [0.5] * 10 + [0.1] * 30)
    curve = roc_curve(scores, np.arange(41) == 0)
    assert best_threshold(curve, "youden") == pytest.approx(0.25)
    assert best_threshold(curve, "accuracy") == pytest.approx(0.75)


def test_of_equally_good_thresholds_the_one_nearest_to_one_half_is_taken() -> None:
    """Both 0.85 (one positive found) and 0.45 (both found, one wrong) have J = 0.5."""
    curve = roc_curve(np.array([0.9, 0.8, 0.6, 0.3]), np.array([True, False, True, False]))
    assert best_threshold(curve) == pytest.approx(0.45)


@pytest.mark.parametrize("goal", ["youden", "accuracy"])
@pytest.mark.parametrize("seed", range(6))
def test_no_other_threshold_does_better(seed: int, goal: str) -> None:
    scores, positive = random_scores(seed)

    def value(threshold: float) -> float:
        answered = scores >= np.float32(threshold)
        if goal == "accuracy":
            return float(np.mean(answered == positive))
        return float(np.mean(answered[positive]) - np.mean(answered[~positive]))

    best = value(best_threshold(roc_curve(scores, positive), goal))  # type: ignore[arg-type]
    assert best == pytest.approx(max(value(t) for t in [*np.unique(scores), 2.0]))


@pytest.mark.parametrize("goal", ["youden", "accuracy"])
@pytest.mark.parametrize("seed", range(8))
def test_the_best_step_of_a_slider_is_found_as_by_trying_all(seed: int, goal: str) -> None:
    """300 scores lie denser than the steps, so that the best number between them, rounded, does worse."""
    rng = np.random.default_rng(seed)
    positive = rng.random(300) < 0.4
    scores = np.clip(rng.normal(0.45 + 0.1 * positive, 0.02), 0, 1).astype(np.float32)

    def right(threshold: float) -> float:
        answered = scores >= np.float32(threshold)
        if goal == "accuracy":
            return float(np.sum(answered == positive))
        return round(float(np.mean(answered[positive]) - np.mean(answered[~positive])), 9)

    found = best_threshold(roc_curve(scores, positive), goal, SLIDER)  # type: ignore[arg-type]
    most = max(map(right, SLIDER))
    assert found == min((t for t in SLIDER if right(t) == most), key=lambda t: (round(abs(t - 0.5), 9), t))


def test_the_best_step_is_not_the_best_number_rounded() -> None:
    """The best number is 0.454; its rounding, 0.45, gets two negatives wrong, and 0.46 one positive."""
    curve = roc_curve(np.array([0.451, 0.452, 0.456, 0.468]), np.array([False, False, True, True]))
    assert best_threshold(curve, "accuracy") == pytest.approx(0.454)
    assert best_threshold(curve, "accuracy", SLIDER) == 0.46


def test_of_equally_good_steps_the_one_nearest_to_one_half_is_taken() -> None:
    curve = roc_curve(np.array([0.2, 0.9]), np.array([False, True]))
    assert best_threshold(curve, "accuracy", SLIDER) == 0.5
    assert best_threshold(curve, "accuracy", [0.3, 0.45, 0.55, 0.6]) == 0.45


def test_without_steps_there_is_no_best_one() -> None:
    with pytest.raises(ValueError, match="Expected thresholds to choose from"):
        best_threshold(roc_curve(np.array([0.1, 0.9]), np.array([False, True])), among=[])


def test_scores_one_rounding_apart_are_told_apart() -> None:
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    threshold = best_threshold(roc_curve(np.array([low, high]), np.array([False, True])))
    assert low < np.float32(threshold) <= high


def test_where_all_should_be_answered_although_their_score_is_0_the_threshold_is_0() -> None:
    curve = roc_curve(np.zeros(3), np.array([True, True, False]))
    assert best_threshold(curve, "accuracy") == 0.0


def test_where_nobody_should_be_answered_the_threshold_is_above_all_scores() -> None:
    curve = roc_curve(np.array([1.0, 1.0, 0.2]), np.array([False, False, True]))
    assert best_threshold(curve, "accuracy") > 1
