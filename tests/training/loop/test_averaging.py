"""The moving average of weights, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.training.loop.averaging import WeightAverage


def weights(value: float) -> list[np.ndarray]:
    return [np.float32([[value]])]


def average_of(start: float, decay: float, *moves: tuple[int, float]) -> float:
    """After moves at those steps, each to a weight."""
    average = WeightAverage(weights(start), decay)
    for step, value in moves:
        average.move(step, weights(value))
    return float(average.values[0][0, 0])


def test_it_starts_at_the_fresh_weights() -> None:
    assert average_of(3, 0.9) == 3


def test_it_is_due_eight_steps_after_its_last_move() -> None:
    average = WeightAverage(weights(0), 0.9)
    assert [step for step in range(1, 10) if average.is_due(step)] == [8, 9]
    average.move(3, weights(1))
    assert [step for step in range(4, 13) if average.is_due(step)] == [11, 12]


def test_early_steps_use_a_smaller_decay() -> None:
    """At step 8 the decay per step is (1 + 8) / (10 + 8) = 1/2, over eight steps 1/256."""
    assert average_of(0, 0.99, (8, 1)) == pytest.approx(255 / 256)


def test_a_move_before_the_eighth_step_counts_the_steps_there_were() -> None:
    """At step 2 the decay per step is 3 / 12, over two steps 1/16."""
    assert average_of(0, 0.99, (2, 1)) == pytest.approx(15 / 16)


def test_each_move_takes_in_the_steps_since_the_last_one() -> None:
    """Chosen 0.2 is below what any step would allow: 0.2 to the 8th, 5th and 3rd are kept."""
    expected = 0.0
    for steps, value in ((8, 1), (5, 5), (3, 2)):
        expected = 0.2**steps * expected + (1 - 0.2**steps) * value
    assert average_of(0, 0.2, (8, 1), (13, 5), (16, 2)) == pytest.approx(expected)


def test_moving_again_at_the_same_step_changes_nothing() -> None:
    assert average_of(0, 0.6, (5, 1), (5, 100)) == average_of(0, 0.6, (5, 1))


def test_a_constant_weight_keeps_its_value() -> None:
    assert average_of(2, 0.99, *((step, 2) for step in range(8, 88, 8))) == pytest.approx(2)


def test_late_in_training_the_chosen_decay_counts() -> None:
    average = WeightAverage(weights(0), 0.998)
    average.restore(weights(0), 100_000)
    average.move(100_008, weights(1))
    assert float(average.values[0][0, 0]) == pytest.approx(1 - 0.998**8, rel=1e-5)


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


def test_a_restored_average_lacks_the_steps_since() -> None:
    average = WeightAverage(weights(0), 0.5)
    average.restore(weights(0), 15)
    average.move(16, weights(1))
    assert float(average.values[0][0, 0]) == pytest.approx(0.5)
