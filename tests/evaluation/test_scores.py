"""Figures of models with two and more classes, worked out by hand."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from cnn_core.errors import InvalidRequestError
from cnn_core.evaluation.predictions import Predictions, two_columns
from cnn_core.evaluation.scores import (
    accuracy_interval,
    calibration,
    confusion_matrix,
    confusion_members,
    evaluate,
    evaluate_binary,
    log_loss,
    worst_mistakes,
)

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
def test_auc_of_a_single_class_is_unknown_by_either_function(label: int) -> None:
    assert evaluate_binary(np.array([0.2, 0.8]), np.array([label, label])).auc is None
    assert evaluate(two_classes([0.2, 0.8], [label, label])).auc is None


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


def two_classes(of_class_1: list[float], labels: list[int]) -> Predictions:
    return Predictions(
        probabilities=two_columns(np.array(of_class_1)),
        labels=np.array(labels),
        paths=tuple(f"photo_{index}.jpg" for index in range(len(labels))),
        classes=("cats", "dogs"),
    )


def three_classes() -> Predictions:
    """Answers 0, 0, 1, 2, 1 to pictures of 0, 0, 1, 1, 1; nothing shows class 2."""
    return Predictions(
        probabilities=np.array(
            [
                [0.5, 0.25, 0.25],
                [0.75, 0.125, 0.125],
                [0.25, 0.5, 0.25],
                [0.25, 0.25, 0.5],
                [0.125, 0.75, 0.125],
            ]
        ),
        labels=np.array([0, 0, 1, 1, 1]),
        paths=("a", "b", "c", "d", "e"),
        classes=("cats", "dogs", "birds"),
    )


def test_two_classes_agree_with_the_binary_figures() -> None:
    rng = np.random.default_rng(3)
    p, y = rng.random(200).astype(np.float32), rng.integers(0, 2, 200)
    ours, binary = evaluate(two_classes(list(p), list(y))), evaluate_binary(p, y)
    for name in ("loss", "accuracy", "auc", "calibration_error"):
        assert getattr(ours, name) == pytest.approx(getattr(binary, name), abs=1e-6), name
    assert ours.confusion == binary.confusion


def test_figures_of_three_classes() -> None:
    figures = evaluate(three_classes())
    assert (figures.pictures, figures.right, figures.accuracy) == (5, 4, 0.8)
    assert figures.confusion == ((2, 0, 0), (0, 2, 1), (0, 0, 0))
    assert figures.loss == pytest.approx(-np.mean(np.log([0.5, 0.75, 0.5, 0.25, 0.75])))


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_that_are_shown() -> None:
    """Recall 1 of cats and 2/3 of dogs; birds are not in the set and do not count as 0."""
    assert evaluate(three_classes()).balanced_accuracy == pytest.approx((1 + 2 / 3) / 2)


def test_precision_recall_and_f1_of_each_class() -> None:
    cats, dogs, birds = evaluate(three_classes()).classes
    assert (cats.precision, cats.recall, cats.f1) == (1, 1, 1)
    assert (dogs.precision, dogs.recall, dogs.f1) == (1, 2 / 3, 0.8)
    assert (birds.pictures, birds.answered, birds.right) == (0, 1, 0)
    assert (birds.precision, birds.recall, birds.f1) == (0, None, 0)


def test_a_class_neither_shown_nor_answered_has_no_figures() -> None:
    dogs = evaluate(two_classes([0.1, 0.2], [0, 0])).classes[1]
    assert (dogs.precision, dogs.recall, dogs.f1, dogs.auc) == (None, None, None, None)


def test_the_area_of_many_classes_is_the_mean_of_each_against_the_others() -> None:
    """Cats against others: 0.5 and 0.75 beat 0.25, 0.25, 0.125. Dogs: 0.5, 0.25, 0.75 against 0.25, 0.125."""
    figures = evaluate(three_classes())
    assert [scores.auc for scores in figures.classes] == [1, pytest.approx(5.5 / 6), None]
    assert figures.auc == pytest.approx((1 + 5.5 / 6) / 2)


def test_the_area_of_a_set_with_one_class_is_unknown() -> None:
    assert evaluate(two_classes([0.1, 0.9], [1, 1])).auc is None


def test_the_threshold_moves_pictures_between_the_columns() -> None:
    given = two_classes([0.2, 0.4, 0.6, 0.8], [0, 1, 0, 1])
    assert confusion_matrix(given, 0.5).tolist() == [[1, 1], [1, 1]]
    assert confusion_matrix(given, 0.4).tolist() == [[1, 1], [0, 2]]
    assert confusion_matrix(given, 0.7).tolist() == [[2, 0], [1, 1]]
    assert evaluate(given, 0.7).accuracy == 0.75
    assert evaluate(given, 0.7).loss == evaluate(given).loss
    assert evaluate(given, 0.7).calibration_error == evaluate(given).calibration_error


def test_a_model_that_says_the_same_to_all_is_right_where_its_answer_is_shown() -> None:
    figures = evaluate(two_classes([0.5] * 4, [1, 1, 1, 0]))
    assert (figures.accuracy, figures.balanced_accuracy, figures.auc) == (0.75, 0.5, 0.5)
    assert figures.confusion == ((0, 1), (0, 3))
    assert figures.calibration_error == 0.25


def test_one_picture_is_enough() -> None:
    figures = evaluate(two_classes([0.25], [0]))
    assert (figures.accuracy, figures.balanced_accuracy, figures.auc) == (1, 1, None)
    assert figures.loss == pytest.approx(-np.log(0.75))


def test_a_certain_mistake_costs_the_same_finite_loss_as_in_keras() -> None:
    assert log_loss(two_classes([1.0], [0])) == pytest.approx(-np.log(1e-7))


def test_an_evaluation_goes_into_json() -> None:
    text = json.dumps(dataclasses.asdict(evaluate(three_classes())), allow_nan=False)
    assert json.loads(text)["confusion"][1] == [0, 2, 1]


@pytest.mark.parametrize(
    ("right", "pictures", "low", "high"),
    [
        # (8 + z²/2 ∓ z sqrt(8·2/10 + z²/4)) / (10 + z²) with z² = 3.8415
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (972, 1000, 0.9598, 0.9806),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_of_wilson(right: int, pictures: int, low: float, high: float) -> None:
    assert accuracy_interval(right, pictures) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_ends_exactly_where_all_or_none_are_right() -> None:
    for pictures in range(1, 400):
        assert accuracy_interval(0, pictures)[0] == 0
        assert accuracy_interval(pictures, pictures)[1] == 1


def test_the_interval_mirrors_when_right_and_wrong_change_places() -> None:
    low, high = accuracy_interval(3, 17)
    assert accuracy_interval(14, 17) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("right", "pictures"), [(0, 0), (-1, 5), (6, 5)])
def test_an_impossible_share_has_no_interval(right: int, pictures: int) -> None:
    with pytest.raises(ValueError, match="right of n > 0 pictures"):
        accuracy_interval(right, pictures)


def test_the_pictures_behind_a_cell_come_most_confident_first() -> None:
    given = two_classes([0.6, 0.9, 0.2, 0.7, 0.8], [0, 0, 0, 1, 0])
    assert confusion_members(given, 0, 1).tolist() == [1, 4, 0]
    assert confusion_members(given, 0, 0).tolist() == [2]
    assert confusion_members(given, 1, 0).tolist() == []
    assert confusion_members(given, 1, 1).tolist() == [3]


def test_the_threshold_decides_who_is_behind_a_cell() -> None:
    given = two_classes([0.6, 0.9, 0.2], [0, 0, 0])
    assert confusion_members(given, 0, 1, 0.6).tolist() == [1, 0]
    assert confusion_members(given, 0, 0, 0.95).tolist() == [2, 0, 1]


def test_the_cells_share_all_pictures_out() -> None:
    rng = np.random.default_rng(4)
    given = two_classes(list(rng.random(50)), list(rng.integers(0, 2, 50)))
    counts = confusion_matrix(given, 0.3)
    members = {(t, a): confusion_members(given, t, a, 0.3) for t in (0, 1) for a in (0, 1)}
    assert all(len(indices) == counts[cell] for cell, indices in members.items())
    assert sorted(np.concatenate(list(members.values()))) == list(range(50))


@pytest.mark.parametrize(("true", "answered"), [(2, 0), (0, -1)])
def test_a_cell_that_does_not_exist_is_refused(true: int, answered: int) -> None:
    with pytest.raises(InvalidRequestError, match="Expected two classes from 0 to 1"):
        confusion_members(two_classes([0.5], [0]), true, answered)


def test_the_worst_mistakes_are_the_most_certain_ones_of_either_class() -> None:
    given = two_classes([0.9, 0.05, 0.6, 0.99, 0.3], [0, 1, 0, 1, 1])
    assert worst_mistakes(given).tolist() == [1, 0, 4, 2]
    assert worst_mistakes(given, 2).tolist() == [1, 0]
    assert worst_mistakes(two_classes([0.9], [1])).tolist() == []


def test_equally_certain_mistakes_stay_in_the_order_of_the_pictures() -> None:
    assert worst_mistakes(two_classes([0.75, 0.25, 0.75], [0, 1, 0])).tolist() == [0, 1, 2]


def test_the_worst_mistakes_of_three_classes() -> None:
    assert worst_mistakes(three_classes()).tolist() == [3]


def test_the_calibration_of_three_classes_is_that_of_their_most_probable_class() -> None:
    """Answers of 0.5, 0.75, 0.5, 0.5, 0.75 of which the fourth is wrong."""
    bins = calibration(three_classes())
    filled = bins.counts > 0
    assert bins.counts[filled].tolist() == [3, 2]
    np.testing.assert_allclose(bins.accuracy[filled], [2 / 3, 1])
    assert evaluate(three_classes()).calibration_error == bins.calibration_error
