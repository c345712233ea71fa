"""The rule of a step, its learning rate over the run, and how much rare classes count."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.training.settings.config import TrainingConfig

LONGEST_WARMUP_SHARE = 0.2
FINE_TUNING_RATE = 0.01  # of the learning rate: small steps, since the base is good already
MOMENTUM = 0.9


def optimizer_of(
    config: TrainingConfig, epochs: int, steps: int, *, fine_tuning: bool = False
) -> keras.optimizers.Optimizer:
    """The optimizer of a run, or of its second step.

    Args:
        epochs: how long this optimizer is used.
        steps: training steps per epoch.
        fine_tuning: small steps of a constant length.
    """
    rate: Any = config.learning_rate * FINE_TUNING_RATE if fine_tuning else _rate(config, epochs, steps)
    if config.optimizer == "adamw":
        optimizer = backend.FusedAdamW(rate, weight_decay=config.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM)
    return {"adam": backend.FusedAdam, "rmsprop": backend.FusedRMSprop}[config.optimizer](rate)


def _rate(config: TrainingConfig, epochs: int, steps: int) -> Any:
    warmup_epochs = min(config.warmup_epochs, LONGEST_WARMUP_SHARE * epochs)
    if warmup_epochs == 0 and config.schedule == "constant":
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup_epochs > 0 else config.learning_rate,
        decay_steps=max(1, round(steps * (epochs - warmup_epochs))),
        alpha=1.0 if config.schedule == "constant" else 0.0,
        warmup_target=config.learning_rate if warmup_epochs > 0 else None,
        warmup_steps=round(steps * warmup_epochs),
    )


def class_weights(setting: str, files: LabelledFiles) -> NDArray[np.float32]:
    """Weight of a training picture by its class, ``(classes,)``; over all ``files`` the mean is 1."""
    counts = np.asarray(list(files.counts().values()), np.float32)
    if setting == "none":
        return np.ones_like(counts)
    return np.asarray(counts.sum() / (len(counts) * counts), np.float32)
