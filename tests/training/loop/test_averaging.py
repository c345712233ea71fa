"""The moving averages of weights and of batch statistics, worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnn_core import backend
from cnn_core.training.loop.averaging import MovingStatistics, WeightAverage


def weights(value: float) -> list[np.ndarray]:
    return [np.float32([[value]])]


def average_of(start: float, decay: float, *moves: tuple[int, float]) -> float:
    """After moves at those steps, each to a weight."""
    average = WeightAverage(weights(start), decay)
    for step, value in moves:
        average.move(step, weights(value))
    return float(average.values[0][0, 0])


# 0.2 is below what any step would allow: 0.2 to the 8th, 5th and 3rd are kept of what there was.
SINCE = 0.2**3 * (0.2**5 * (1 - 0.2**8) + (1 - 0.2**5) * 5) + (1 - 0.2**3) * 2


@pytest.mark.parametrize(
    ("start", "decay", "moves", "expected"),
    [
        (3, 0.9, [], 3),
        (0, 0.99, [(8, 1)], 1 - (9 / 18) ** 8),
        (0, 0.99, [(2, 1)], 1 - (3 / 12) ** 2),
        (0, 0.2, [(8, 1), (13, 5), (16, 2)], SINCE),
        (2, 0.99, [(step, 2) for step in range(8, 88, 8)], 2),
        (0, 0.6, [(5, 1), (5, 100)], 1 - (6 / 15) ** 5),
    ],
    ids=[
        "fresh weights",
        "a smaller decay in early steps",
        "as many steps as there were",
        "the steps since the last move",
        "a constant weight",
        "the same step twice",
    ],
)
def test_each_move_takes_in_the_steps_since_the_last_one(
    start: float, decay: float, moves: list[tuple[int, float]], expected: float
) -> None:
    assert average_of(start, decay, *moves) == pytest.approx(expected)


def test_it_is_due_eight_steps_after_its_last_move() -> None:
    average = WeightAverage(weights(0), 0.9)
    assert [step for step in range(1, 10) if average.is_due(step)] == [8, 9]
    average.move(3, weights(1))
    assert [step for step in range(4, 13) if average.is_due(step)] == [11, 12]


@pytest.mark.parametrize(("decay", "restored_at", "moved_at"), [(0.998, 100_000, 100_008), (0.5, 15, 16)])
def test_a_restored_average_has_the_chosen_decay_and_lacks_the_steps_since(
    decay: float, restored_at: int, moved_at: int
) -> None:
    average = WeightAverage(weights(0), decay)
    average.restore(weights(0), restored_at)
    average.move(moved_at, weights(1))
    assert float(average.values[0][0, 0]) == pytest.approx(1 - decay ** (moved_at - restored_at), rel=1e-5)


@pytest.mark.parametrize("step", [8, 15, 31])
def test_a_short_run_forgets_its_random_start(step: int) -> None:
    """Although 0.998 ** 31 = 94 %, less than one percent of the first weights is left."""
    moves = [(at, 0) for at in (*range(8, step, 8), step)]
    assert average_of(1, 0.998, *moves) < 0.01


def test_the_weights_given_are_not_touched() -> None:
    fresh, later = weights(0), weights(1)
    average = WeightAverage(fresh, 0.9)
    average.move(8, later)
    average.restore(later, 8)
    average.move(16, weights(5))
    assert (fresh, later) == (weights(0), weights(1))


# ---- Batch normalisation ----


def normalising(momentum: float = 0.99) -> keras.Model:
    layers = [keras.Input((1, 1, 2)), backend.FusedBatchNormalization(momentum=momentum)]
    return keras.Sequential(layers)


def test_moving_statistics_of_a_young_network_are_those_of_its_batches() -> None:
    model = normalising()
    batch = np.float32([[1, 10], [3, 30], [5, 20], [7, 20]]).reshape(4, 1, 1, 2)
    for _ in range(3):
        model(batch, training=True)
    assert model.get_weights()[2][0] < 0.2  # of a mean of 4
    _, _, mean, variance = MovingStatistics(model).corrected_weights(3)
    np.testing.assert_allclose(mean, [4, 20], rtol=1e-4)
    np.testing.assert_allclose(variance, batch.var(axis=0, ddof=1).ravel(), rtol=1e-3)


def test_moving_statistics_of_an_untrained_network_and_of_an_old_one_stay() -> None:
    model = normalising()
    model(np.full((4, 1, 1, 2), 9, np.float32), training=True)
    for step in (0, 100_000):
        for a, b in zip(MovingStatistics(model).corrected_weights(step), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_channel_that_never_changes_has_no_variance_below_zero() -> None:
    model = normalising()
    for _ in range(40):
        model(np.full((4, 1, 1, 2), 0.3, np.float32), training=True)
    variance = MovingStatistics(model).corrected_weights(40)[3]
    assert (variance >= 0).all()
    np.testing.assert_allclose(variance, 0, atol=1e-5)
