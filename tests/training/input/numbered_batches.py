"""Fifty pictures that carry their numbers, and batches of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.images.preprocessing import Preprocessing
from cnn_core.training.input.pipeline import Batching, training_batches
from cnn_core.training.settings.config import Augmentation

RAW = Preprocessing(scale=(1.0,))


NUMBERED = np.arange(50, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2).repeat(3, 3)


LABELS = np.arange(50, dtype=np.float32)


def batching(**changes: Any) -> Batching:
    settings: dict[str, Any] = {
        "size_px": 8,
        "batch_size": 8,
        "augmentation": Augmentation(),
        "preprocessing": RAW,
        "seed": (0, 0),
    }
    return Batching(**(settings | changes))


def batches(**changes: Any) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    return list(training_batches(NUMBERED, LABELS, batching(**changes)))
