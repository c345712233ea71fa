"""The loss of one answer is its cross-entropy, that of several heads the sum of theirs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnn_core.errors import DataError
from cnn_core.training.loop.objective import Objective, softmaxed

SHAPES = ("kind=disc,size=1px", "kind=disc,size=2px", "kind=disc,size=10px", "kind=box,size=1px")


def logs_of(*logits: float) -> list[float]:
    """The logarithms of their softmax."""
    return [z - math.log(sum(map(math.exp, logits))) for z in logits]


NO, YES = logs_of(0, 2)  # of one unit at logit 2
ONE, TWO, THREE = logs_of(1, 2, 3)


@pytest.mark.parametrize(
    ("labels", "logits", "smoothing", "expected"),
    [
        ([1, 0, 1], [[2.0], [2.0], [0.0]], 0.0, [-YES, -NO, math.log(2)]),
        ([2, 0], [[1.0, 2.0, 3.0]] * 2, 0.0, [-THREE, -ONE]),
        ([1, 0], [[2.0]] * 2, 0.2, [-0.9 * YES - 0.1 * NO, -0.1 * YES - 0.9 * NO]),
        ([1], [[1.0, 2.0, 3.0]], 0.3, [-0.1 * ONE - 0.8 * TWO - 0.1 * THREE]),
        ([0], [[50.0]], 0.0, [50]),
        ([0], [[0.0, 90.0, 0.0]], 0.0, [90]),
    ],
    ids=["one unit", "softmax", "smoothed unit", "smoothed softmax", "large logit", "large logits"],
)
def test_the_loss_is_the_cross_entropy_of_targets_each_smoothed_by_its_share(
    labels: list[float], logits: list[list[float]], smoothing: float, expected: list[float]
) -> None:
    objective = Objective("abc"[: max(2, len(logits[0]))], smoothing)
    found = np.asarray(objective.losses(np.asarray(labels, np.float32), np.asarray(logits, np.float32)))
    assert found.shape == (len(labels),)
    assert found == pytest.approx(expected, rel=1e-5)


def two_heads() -> tuple[Objective, np.ndarray]:
    """Kind, one unit, and size, three, with logits of two pictures."""
    return Objective(SHAPES, several_heads=True), np.float32([[2.0, 1, 2, 3], [-2.0, 3, 0, 0]])


def test_several_heads_have_a_cross_entropy_each_and_the_loss_is_their_sum() -> None:
    objective, logits = two_heads()
    assert objective.heads == (("kind", 2), ("size", 3))
    assert objective.values == {"kind": ("box", "disc"), "size": ("1px", "2px", "10px")}
    found = np.asarray(objective.losses(np.float32([2, 3]), logits))  # a disc of 10px, a box of 1px
    size = logs_of(3, 0, 0)[0]
    assert found == pytest.approx([-YES - THREE, -YES - size], rel=1e-5)


def test_several_heads_are_right_together_and_counted_apart() -> None:
    objective, logits = two_heads()
    assert np.asarray(objective.right(np.float32([2, 3]), logits)).tolist() == [1, 1]
    assert np.asarray(objective.right(np.float32([1, 0]), logits)).tolist() == [0, 0]
    assert objective.head_accuracies(np.array([2, 3]), np.array([1, 3])) == {"kind": 1.0, "size": 0.5}


def test_a_class_is_as_probable_as_its_value_of_every_head_among_those_there_are() -> None:
    objective, logits = two_heads()
    kind, size = softmaxed(logits[:, :1]), softmaxed(logits[:, 1:])
    together = np.stack([kind[:, 1] * size[:, 0], kind[:, 1] * size[:, 1], kind[:, 1] * size[:, 2],
                         kind[:, 0] * size[:, 0]], axis=1)  # fmt: skip
    expected = together / together.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(objective.probabilities(logits), expected, rtol=1e-5)
    np.testing.assert_allclose(objective.joint([kind, size]), expected, rtol=1e-5)


def test_several_heads_ask_for_classes_that_tell_factors() -> None:
    with pytest.raises(DataError, match=r"length=15px,colour=red.*Received: cats, dogs"):
        Objective(("cats", "dogs"), several_heads=True)
