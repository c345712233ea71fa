"""Figures of models with two and more classes, worked out by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from predicted import random_scores, three_classes, two_classes

from cnn_core.errors import InvalidRequestError
from cnn_core.evaluation.scores import (
    accuracy_interval,
    calibration,
    evaluate,
    indices_in_cell,
    log_loss,
    worst_mistakes,
)


def test_figures_of_two_classes() -> None:
    figures = evaluate(two_classes([0.9, 0.8, 0.1, 0.7, 0.2], [1, 1, 1, 0, 0]))
    assert (figures.pictures, figures.correct, figures.accuracy) == (5, 3, 0.6)
    assert figures.confusion == ((1, 1), (1, 2))
    assert figures.loss == pytest.approx(-np.mean(np.log([0.9, 0.8, 0.1, 0.3, 0.8])))


def test_figures_of_three_classes() -> None:
    figures = evaluate(three_classes())
    assert (figures.pictures, figures.correct, figures.accuracy) == (5, 4, 0.8)
    assert figures.confusion == ((2, 0, 0), (0, 2, 1), (0, 0, 0))
    assert figures.loss == pytest.approx(-np.mean(np.log([0.5, 0.75, 0.5, 0.25, 0.75])))


@pytest.mark.parametrize(("of_class_1", "label"), [(1.0, 0), (0.0, 1)])
def test_a_certain_mistake_costs_the_same_finite_loss_as_in_keras(of_class_1: float, label: int) -> None:
    assert log_loss(two_classes([of_class_1], [label])) == pytest.approx(-np.log(1e-7))


@pytest.mark.parametrize(
    ("of_class_1", "labels", "area"),
    [
        ([0.9, 0.2, 0.4, 0.6], [1, 0, 1, 0], 0.75),  # of four pairs three are in the right order
        ([0.5, 0.5, 0.1], [1, 0, 0], 0.75),  # a tie counts half
        ([0.3] * 6, [0, 1, 0, 1, 1, 1], 0.5),
        ([0.2, 0.8], [0, 0], None),
        ([0.2, 0.8], [1, 1], None),
    ],
    ids=["pairs", "tie", "constant", "only class 0", "only class 1"],
)
def test_the_area_is_the_share_of_pairs_in_the_right_order(
    of_class_1: list[float], labels: list[int], area: float | None
) -> None:
    assert evaluate(two_classes(of_class_1, labels)).auc == area


def test_the_area_agrees_with_its_definition_on_random_scores_with_ties() -> None:
    scores, positive = random_scores(0)
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    assert evaluate(two_classes(scores, positive.astype(int))).auc == pytest.approx(np.mean(pairs))


def test_the_area_of_many_classes_is_the_mean_of_each_against_the_others() -> None:
    """Cats against others: 0.5 and 0.75 beat 0.25, 0.25, 0.125. Dogs: 0.5, 0.25, 0.75 against 0.25, 0.125."""
    assert evaluate(three_classes()).auc == pytest.approx((1 + 5.5 / 6) / 2)


@pytest.mark.parametrize(
    ("of_class_1", "labels", "error"),
    [
        ([0.9, 0.1, 0.6, 0.4], [1, 1, 1, 0], 0.4),  # two of 0.9, one wrong; two of 0.6, both right
        ([0.8, 0.8, 0.2, 1.0], [1, 0, 0, 1], 0.75 * (0.8 - 2 / 3)),  # three of 0.8, two right; one of 1.0
        ([0.0, 1.0, 1.0], [0, 1, 1], 0),
        ([0.5] * 4, [1, 1, 1, 0], 0.25),
    ],
)
def test_calibration_error_weighs_the_gap_of_each_bin(
    of_class_1: list[float], labels: list[int], error: float
) -> None:
    assert evaluate(two_classes(of_class_1, labels)).calibration_error == pytest.approx(error, abs=1e-6)


def test_the_calibration_of_three_classes_is_that_of_their_most_probable_class() -> None:
    """Answers of 0.5, 0.75, 0.5, 0.5, 0.75 of which the fourth is wrong."""
    bins = calibration(three_classes())
    filled = bins.counts > 0
    assert bins.counts[filled].tolist() == [3, 2]
    np.testing.assert_allclose(bins.accuracy[filled], [2 / 3, 1])
    assert evaluate(three_classes()).calibration_error == bins.calibration_error


def test_counts_and_recall_of_each_class() -> None:
    cats, dogs, birds = evaluate(three_classes()).classes
    assert (cats.pictures, cats.predicted, cats.correct, cats.recall) == (2, 2, 2, 1)
    assert (dogs.pictures, dogs.predicted, dogs.correct, dogs.recall) == (3, 2, 2, 2 / 3)
    assert (birds.pictures, birds.predicted, birds.correct, birds.recall) == (0, 1, 0, None)


def test_the_threshold_moves_pictures_between_the_columns_and_nothing_else() -> None:
    given = two_classes([0.2, 0.4, 0.6, 0.8], [0, 1, 0, 1])
    low, half, high = (evaluate(given, threshold) for threshold in (0.4, 0.5, 0.7))
    assert low.confusion == ((1, 1), (0, 2))
    assert half.confusion == ((1, 1), (1, 1))
    assert high.confusion == ((2, 0), (1, 1))
    assert high.accuracy == 0.75
    assert (high.loss, high.auc, high.calibration_error) == (half.loss, half.auc, half.calibration_error)


def test_one_picture_is_enough() -> None:
    figures = evaluate(two_classes([0.25], [0]))
    assert (figures.accuracy, figures.auc) == (1, None)
    assert figures.loss == pytest.approx(-np.log(0.75))


def test_an_evaluation_goes_into_json() -> None:
    text = json.dumps(dataclasses.asdict(evaluate(three_classes())), allow_nan=False)
    assert json.loads(text)["confusion"][1] == [0, 2, 1]


@pytest.mark.parametrize(
    ("correct", "pictures", "low", "high"),
    [
        # (8 + z²/2 ∓ z sqrt(8·2/10 + z²/4)) / (10 + z²) with z² = 3.8415
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (972, 1000, 0.9598, 0.9806),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_of_wilson(correct: int, pictures: int, low: float, high: float) -> None:
    assert accuracy_interval(correct, pictures) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_ends_exactly_where_all_or_none_are_right() -> None:
    for pictures in range(1, 400, 7):
        assert accuracy_interval(0, pictures)[0] == 0
        assert accuracy_interval(pictures, pictures)[1] == 1


@pytest.mark.parametrize(("correct", "pictures"), [(0, 0), (-1, 5), (6, 5)])
def test_an_impossible_share_has_no_interval(correct: int, pictures: int) -> None:
    with pytest.raises(ValueError, match=r"must be|greater than"):
        accuracy_interval(correct, pictures)


def test_the_pictures_behind_a_cell_come_most_confident_first() -> None:
    given = two_classes([0.6, 0.9, 0.2, 0.7, 0.8], [0, 0, 0, 1, 0])
    assert indices_in_cell(given, 0, 1).tolist() == [1, 4, 0]
    assert indices_in_cell(given, 0, 0).tolist() == [2]
    assert indices_in_cell(given, 1, 0).tolist() == []
    assert indices_in_cell(given, 1, 1).tolist() == [3]
    assert indices_in_cell(given, 0, 1, 0.8).tolist() == [1, 4]
    assert indices_in_cell(given, 0, 0, 0.95).tolist() == [2, 0, 4, 1]


def test_the_cells_share_all_pictures_out() -> None:
    rng = np.random.default_rng(4)
    given = two_classes(rng.random(50), rng.integers(0, 2, 50))
    counts = evaluate(given, 0.3).confusion
    members = {(t, a): indices_in_cell(given, t, a, 0.3) for t in (0, 1) for a in (0, 1)}
    assert all(len(indices) == counts[t][a] for (t, a), indices in members.items())
    assert sorted(np.concatenate(list(members.values()))) == list(range(50))


@pytest.mark.parametrize(("true", "predicted"), [(2, 0), (0, -1)])
def test_a_cell_that_does_not_exist_is_refused(true: int, predicted: int) -> None:
    with pytest.raises(InvalidRequestError, match="Expected two classes from 0 to 1"):
        indices_in_cell(two_classes([0.5], [0]), true, predicted)


def test_the_worst_mistakes_are_the_most_certain_ones_of_either_class() -> None:
    given = two_classes([0.9, 0.05, 0.6, 0.99, 0.3], [0, 1, 0, 1, 1])
    assert worst_mistakes(given).tolist() == [1, 0, 4, 2]
    assert worst_mistakes(given, 2).tolist() == [1, 0]
    assert worst_mistakes(two_classes([0.9], [1])).tolist() == []
    assert worst_mistakes(three_classes()).tolist() == [3]


def test_equally_certain_mistakes_stay_in_the_order_of_the_pictures() -> None:
    assert worst_mistakes(two_classes([0.75, 0.25, 0.75], [0, 1, 0])).tolist() == [0, 1, 2]
