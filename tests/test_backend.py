"""What the framework is asked for: training steps on one device and on several, and the event file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core import backend
from cnn_core.training.loop.objective import Objective


def linear_step(weight: float = 0.0, rate: float = 1.0) -> tuple[keras.Model, backend.TrainingStep]:
    """A step of one weight without bias, whose arithmetic fits on paper."""
    devices = backend.Devices("cpu")
    with devices.scope():
        inputs = keras.Input((1, 1, 1))
        logits = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(inputs))
        model, optimizer = keras.Model(inputs, logits), keras.optimizers.SGD(rate)
        model.set_weights([np.full((1, 1), weight, np.float32)])
        optimizer.build(model.trainable_variables)
    return model, backend.TrainingStep(model, optimizer, Objective(["no", "yes"]), devices)


def column(*values: float) -> np.ndarray:
    return np.asarray(values, np.float32).reshape(-1, 1, 1, 1)


def ones(count: int) -> np.ndarray:
    return np.ones(count, np.float32)


def test_a_step_follows_the_gradient_computed_by_hand() -> None:
    model, step = linear_step(weight=0.0, rate=1.0)
    # At w = 0 every probability is one half: d loss / d w = mean((1/2 - y) x) = (-0.5*2 + 0.5*4) / 2
    loss, _ = step(column(2, 4), np.asarray([1, 0], np.float32), ones(2))
    assert loss == pytest.approx(np.log(2))
    assert model.get_weights()[0][0, 0] == pytest.approx(-0.5)


def test_accuracy_is_that_before_the_step() -> None:
    _, step = linear_step(weight=1.0)
    _, accuracy = step(column(3, -3, 3, 3), np.asarray([1, 0, 0, 1], np.float32), ones(4))
    assert accuracy == pytest.approx(0.75)


def test_a_picture_of_weight_zero_teaches_nothing() -> None:
    model, step = linear_step(weight=0.5)
    step(column(1, 7), np.asarray([1, 0], np.float32), np.zeros(2, np.float32))
    assert model.get_weights()[0][0, 0] == pytest.approx(0.5)


def test_figures_for_tensorboard_are_written(tmp_path: Path) -> None:
    backend.EventWriter(tmp_path / "events").write(1, {"loss": 0.5})
    (file,) = (tmp_path / "events").iterdir()
    assert b"loss" in file.read_bytes()


@pytest.mark.parametrize(
    ("fused", "own", "options"),
    [
        (backend.FusedAdam, keras.optimizers.Adam, {}),
        (backend.FusedAdamW, keras.optimizers.AdamW, {"weight_decay": 0.02}),
        (backend.FusedRMSprop, keras.optimizers.RMSprop, {}),
    ],
)
def test_fused_optimizers_step_as_keras_own(fused: Any, own: Any, options: dict[str, float]) -> None:
    start = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    ends = []
    for kind in (fused, own):
        variable, optimizer = keras.Variable(start), kind(0.01, **options)
        optimizer.build([variable])
        gradients = np.random.default_rng(1).normal(size=(20, 5, 3)).astype(np.float32)
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        ends.append(np.asarray(variable))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-5, atol=1e-6)
    assert np.abs(ends[0] - start).max() > 0.05
