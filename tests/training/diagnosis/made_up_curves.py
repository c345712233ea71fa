"""Histories of runs that never were, each with one story to tell."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = list[dict[str, Any]]


def rows(loss: Any, accuracy: Any, val_loss: Any, val_accuracy: Any) -> Rows:
    columns = zip(loss, accuracy, val_loss, val_accuracy, strict=True)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return [
        {"epoch": epoch, **dict(zip(names, values, strict=True))}
        for epoch, values in enumerate(columns, start=1)
    ]


def over_fitted(seed: int = 0, jitter: float = 0.02, climb: float = 0.03) -> Rows:
    """15 epochs as in the lecture: 0.94 against 0.73, the validation loss turns up after five."""
    rng, epoch = np.random.default_rng(seed), np.arange(1, 16)
    falling = np.exp(-0.16 * (epoch - 1))
    return rows(
        0.66 * falling + 0.02,
        0.98 - 0.43 * falling,
        0.5 + 0.12 * np.exp(-epoch / 2) + climb * np.maximum(epoch - 5, 0) + jitter * rng.normal(size=15),
        0.73 - 0.2 * np.exp(-epoch / 2) + 0.01 * rng.normal(size=15),
    )


def converged(seed: int = 0, jitter: float = 0.01, epochs: int = 40, speed: float = 0.15) -> Rows:
    rng, epoch = np.random.default_rng(seed), np.arange(1, epochs + 1)
    falling = np.exp(-speed * epoch)
    return rows(
        0.6 * falling + 0.08,
        0.96 - 0.42 * falling,
        0.6 * falling + 0.12 + jitter * rng.normal(size=epochs),
        0.94 - 0.42 * falling + 0.01 * rng.normal(size=epochs),
    )


def under_fitted(seed: int = 0, jitter: float = 0.005) -> Rows:
    """15 epochs as in the lecture with dropout and augmentation: 0.64 against 0.63."""
    rng, epoch = np.random.default_rng(seed), np.arange(1, 16)
    return rows(
        0.7 - 0.004 * epoch,
        0.5 + 0.0095 * epoch,
        0.695 - 0.004 * epoch + jitter * rng.normal(size=15),
        0.5 + 0.009 * epoch + 0.01 * rng.normal(size=15),
    )


def only_noise(seed: int = 0, jitter: float = 0.05) -> Rows:
    rng = np.random.default_rng(seed)
    return rows(
        0.69 + 0.01 * rng.normal(size=20),
        0.5 + 0.02 * rng.normal(size=20),
        0.7 + jitter * rng.normal(size=20),
        0.5 + 0.03 * rng.normal(size=20),
    )


def standing(
    accuracy: float, val_accuracy: float, loss: float = 0.2, val_loss: float = 0.2, epochs: int = 12
) -> Rows:
    """Curves that have nothing left to learn."""
    return rows([loss] * epochs, [accuracy] * epochs, [val_loss] * epochs, [val_accuracy] * epochs)
