"""The length of a step over a run, what is pulled to zero, and the loss, all worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.training.loop.optimizers import class_weights, losses_of, optimizer_of
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


def test_a_constant_rate_stays_as_it_is() -> None:
    assert rates(3, 2) == pytest.approx([0.1] * 6)


def test_the_cosine_falls_from_the_rate_to_zero() -> None:
    """Half the cosine of pi times the share that is behind, plus one half."""
    expected = [0.1 * (1 + math.cos(math.pi * step / 8)) / 2 for step in range(8)]
    found = rates(4, 2, schedule="cosine")
    assert found == pytest.approx(expected, rel=1e-5)
    assert (found[0], found[4]) == pytest.approx((0.1, 0.05))


def test_the_rate_rises_from_zero_and_stays() -> None:
    assert rates(10, 4, warmup_epochs=1.0) == pytest.approx([0, 0.025, 0.05, 0.075] + [0.1] * 36)


def test_the_cosine_begins_where_the_rise_ends() -> None:
    found = rates(10, 4, warmup_epochs=1.0, schedule="cosine")
    assert found[:5] == pytest.approx([0, 0.025, 0.05, 0.075, 0.1])
    assert found[4 + 18] == pytest.approx(0.05)  # half of the 36 steps that are left
    assert found[39] == pytest.approx(0.1 * (1 + math.cos(math.pi * 35 / 36)) / 2, rel=1e-4)


def test_the_rise_takes_a_fifth_of_the_run_at_most() -> None:
    """Ten epochs of rise asked for, two of ten given."""
    found = rates(10, 2, warmup_epochs=10.0)
    assert found == pytest.approx([0, 0.025, 0.05, 0.075] + [0.1] * 16)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_rise_of_less_than_a_step_is_none(schedule: str) -> None:
    found = rates(2, 1, warmup_epochs=0.5, schedule=schedule)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(0.1)


def test_fine_tuning_takes_small_steps_of_one_length() -> None:
    assert rates(2, 3, fine_tuning=True, schedule="cosine", warmup_epochs=1.0) == pytest.approx([0.001] * 6)


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


# ---- Losses ----


def losses(labels: list[float], logits: list[list[float]], classes: int, smoothing: float = 0.0) -> Any:
    found = losses_of(TrainingConfig(label_smoothing=smoothing), classes)(
        np.asarray(labels, np.float32), np.asarray(logits, np.float32)
    )
    return np.asarray(found)


def test_the_loss_of_two_classes_is_the_cross_entropy_of_one_unit() -> None:
    """At logit z the probability of class 1 is 1 / (1 + exp(-z))."""
    p = 1 / (1 + math.exp(-2))
    found = losses([1, 0, 1], [[2.0], [2.0], [0.0]], 2)
    assert found.shape == (3,)
    assert found == pytest.approx([-math.log(p), -math.log(1 - p), math.log(2)], rel=1e-5)


def test_the_loss_of_more_classes_is_the_cross_entropy_of_their_softmax() -> None:
    total = math.exp(1) + math.exp(2) + math.exp(3)
    found = losses([2, 0], [[1.0, 2.0, 3.0]] * 2, 3)
    assert found.shape == (2,)
    assert found == pytest.approx([-math.log(math.exp(3) / total), -math.log(math.exp(1) / total)], rel=1e-5)


def test_label_smoothing_moves_both_targets_by_half_of_it() -> None:
    """0.2 makes 0.1 and 0.9 of 0 and 1."""
    p = 1 / (1 + math.exp(-2))
    found = losses([1, 0], [[2.0]] * 2, 2, smoothing=0.2)
    expected = [-0.9 * math.log(p) - 0.1 * math.log(1 - p), -0.1 * math.log(p) - 0.9 * math.log(1 - p)]
    assert found == pytest.approx(expected, rel=1e-5)


def test_label_smoothing_gives_every_class_its_share() -> None:
    """0.3 over three classes: 0.8 for the truth, 0.1 for the others."""
    logs = [z - math.log(math.exp(1) + math.exp(2) + math.exp(3)) for z in (1, 2, 3)]
    found = losses([1], [[1.0, 2.0, 3.0]], 3, smoothing=0.3)
    assert found == pytest.approx([-(0.1 * logs[0] + 0.8 * logs[1] + 0.1 * logs[2])], rel=1e-5)


def test_a_loss_of_large_logits_is_exact() -> None:
    assert losses([0], [[50.0]], 2) == pytest.approx([50])
    assert losses([0], [[0.0, 90.0, 0.0]], 3) == pytest.approx([90])


# ---- Weights of the classes ----


def test_a_picture_counts_by_how_rare_its_class_is_or_all_the_same() -> None:
    """Nine cats and three dogs: 12 / (2 * 9) = 2/3 and 12 / (2 * 3) = 2."""
    files = LabelledFiles(("cats", "dogs"), (Path("a"),) * 12, (0,) * 9 + (1,) * 3)
    assert class_weights("balanced", files).tolist() == pytest.approx([2 / 3, 2])
    assert class_weights("none", files).tolist() == [1, 1]
