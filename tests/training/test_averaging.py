"""The moving average of weights, worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnn_core.training.averaging import STEPS_BETWEEN_UPDATES, WeightAverage


def model_of(weight: float) -> keras.Model:
    """One weight, no bias."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.float32([[weight]])])
    return model


def updated(average: WeightAverage, steps: int) -> float:
    for _ in range(steps):
        average.update()
    return float(average.values[0][0, 0])


def test_it_starts_at_the_weights_of_the_model() -> None:
    assert WeightAverage(model_of(3), 0.9).values[0].tolist() == [[3]]


def test_nothing_moves_before_the_eighth_step() -> None:
    model = model_of(0)
    average = WeightAverage(model, 0.9)
    model.set_weights([np.float32([[1]])])
    assert updated(average, STEPS_BETWEEN_UPDATES - 1) == 0
    assert updated(average, 1) > 0


def test_early_steps_use_a_smaller_decay() -> None:
    """At step 8 the decay per step is (1 + 8) / (10 + 8) = 1/2, over eight steps 1/256."""
    model = model_of(0)
    average = WeightAverage(model, 0.99)
    model.set_weights([np.float32([[1]])])
    assert updated(average, 8) == pytest.approx(255 / 256)


def test_two_updates_follow_the_recurrence() -> None:
    """Step 16: 17/26 is above the chosen 0.6, so 0.6 to the eighth is kept."""
    model = model_of(0)
    average = WeightAverage(model, 0.6)
    model.set_weights([np.float32([[1]])])
    first = updated(average, 8)
    model.set_weights([np.float32([[5]])])
    kept = 0.6**8
    assert updated(average, 8) == pytest.approx(kept * first + (1 - kept) * 5)


def test_a_constant_weight_keeps_its_value() -> None:
    assert updated(WeightAverage(model_of(2), 0.99), 80) == pytest.approx(2)


def test_late_in_training_the_chosen_decay_counts() -> None:
    model = model_of(0)
    average = WeightAverage(model, 0.998)
    average.step = 100_000 - 8
    model.set_weights([np.float32([[1]])])
    assert updated(average, 8) == pytest.approx(1 - 0.998**8, rel=1e-5)


def test_the_model_itself_is_not_touched() -> None:
    model = model_of(0)
    average = WeightAverage(model, 0.9)
    model.set_weights([np.float32([[1]])])
    updated(average, 16)
    assert model.get_weights()[0].tolist() == [[1]]
