"""Networks as they are trained and as they are kept, and photos of noise for them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cnn_core.architectures import Plan, architecture_named


def photos(size_px: int, count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, size_px, size_px, 3)).astype(np.float32)


def trainable(key: str, **plan: object) -> keras.Model:
    """A network as it is trained, for pictures of 150 pixels."""
    return architecture_named(key).for_training(Plan(**({"size_px": 150} | plan)))


def finished(key: str, **plan: object) -> keras.Model:
    """The network that is kept of it."""
    whole = Plan(**({"size_px": 150} | plan))
    return architecture_named(key).finished(trainable(key, **plan), whole)


def photo_base(name: str, size_px: int | None) -> keras.Model:
    inputs = keras.Input((size_px, size_px, 3))
    return keras.Model(inputs, layers.BatchNormalization()(layers.Conv2D(4, 3, strides=2)(inputs)))
