"""The length of a step over a run, what is pulled to zero, and the loss, all worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core.training.loop.optimizers import optimizer_of
from cnn_core.training.settings.config import TrainingConfig


def rates(epochs: int, steps: int, *, fine_tuning: bool = False, **settings: Any) -> list[float]:
    """The rate of each step of a run."""
    config = TrainingConfig(epochs=epochs, learning_rate=0.1, optimizer="sgd", **settings)
    optimizer = optimizer_of(config, epochs, steps, fine_tuning=fine_tuning)
    variable = keras.Variable(np.zeros(1, np.float32))
    optimizer.build([variable])
    found = []
    for _ in range(epochs * steps):
        found.append(float(optimizer.learning_rate))
        optimizer.apply([np.ones(1, np.float32)], [variable])
    return found


# ---- Learning rate ----

RISE = [0, 0.025, 0.05, 0.075]


def falling(steps: int) -> list[float]:
    """Half the cosine of pi times the share that is behind, plus one half."""
    return [0.1 * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps)]


@pytest.mark.parametrize(
    ("epochs", "steps", "settings", "expected"),
    [
        (3, 2, {}, [0.1] * 6),
        (4, 2, {"schedule": "cosine"}, falling(8)),
        (10, 4, {"warmup_epochs": 1.0}, [*RISE, *[0.1] * 36]),
        (10, 4, {"warmup_epochs": 1.0, "schedule": "cosine"}, [*RISE, *falling(36)]),
        (10, 2, {"warmup_epochs": 10.0}, [*RISE, *[0.1] * 16]),
        (2, 1, {"warmup_epochs": 0.5}, [0.1, 0.1]),
        (2, 1, {"warmup_epochs": 0.5, "schedule": "cosine"}, [0.1, 0.05]),
        (2, 3, {"fine_tuning": True, "schedule": "cosine", "warmup_epochs": 1.0}, [0.001] * 6),
    ],
    ids=[
        "constant",
        "cosine",
        "rise",
        "cosine after the rise",
        "a rise of a fifth at most",
        "a rise of less than a step",
        "a cosine after such a rise",
        "fine-tuning",
    ],
)
def test_each_step_has_the_rate_that_its_schedule_gives(
    epochs: int, steps: int, settings: dict[str, Any], expected: list[float]
) -> None:
    assert rates(epochs, steps, **settings) == pytest.approx(expected, rel=1e-4, abs=1e-8)


# ---- The rule ----


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop"), ("sgd", "SGD")]
)
def test_the_optimizer_is_the_one_asked_for(name: str, kind: str) -> None:
    optimizer = optimizer_of(TrainingConfig(optimizer=name, learning_rate=1e-4), 1, 1)
    assert isinstance(optimizer, getattr(keras.optimizers, kind))
    assert float(optimizer.learning_rate) == pytest.approx(1e-4)


def test_sgd_has_momentum() -> None:
    """Two steps along a gradient of one: 0.1, then 0.1 * (1 + 0.9)."""
    optimizer = optimizer_of(TrainingConfig(optimizer="sgd", learning_rate=0.1), 1, 2)
    variable = keras.Variable(np.zeros(1, np.float32))
    for expected in (-0.1, -0.1 - 0.19):
        optimizer.apply([np.ones(1, np.float32)], [variable])
        assert float(np.asarray(variable)[0]) == pytest.approx(expected)


def after_a_step_without_gradient(optimizer: str, weight_decay: float) -> dict[str, float]:
    """What becomes of weights of one each, by their name."""
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.BatchNormalization(gamma_initializer="ones", beta_initializer="ones")(inputs)
    x = keras.layers.Conv2D(1, 3, kernel_initializer="ones", bias_initializer="ones")(x)
    model = keras.Model(inputs, x)
    config = TrainingConfig(optimizer=optimizer, learning_rate=0.1, weight_decay=weight_decay)
    rule = optimizer_of(config, 1, 1)
    rule.build(model.trainable_variables)
    rule.apply([np.zeros(v.shape, np.float32) for v in model.trainable_variables], model.trainable_variables)
    return {v.name: float(np.asarray(v).ravel()[0]) for v in model.trainable_variables}


def test_weight_decay_pulls_kernels_alone() -> None:
    """Decoupled (Loshchilov and Hutter 2019): 1 - 0.1 * 0.5."""
    found = after_a_step_without_gradient("adamw", 0.5)
    assert found == pytest.approx({"gamma": 1, "beta": 1, "kernel": 0.95, "bias": 1})


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_weight_decay_is_for_adamw_alone(optimizer: str) -> None:
    assert after_a_step_without_gradient(optimizer, 0.5)["kernel"] == 1
