"""Small networks with known weights, and the way to ask an attribution method about them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.analysis import Target
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import AttributionMap


def ask(
    model: keras.Model | Probe,
    key: str,
    inputs: np.ndarray,
    *,
    class_index: int = 0,
    layer: str | None = None,
    progress: Progress = SILENT,
    **settings: Any,
) -> AttributionMap:
    """The map of the method with that key; ``layer`` for methods of a layer."""
    analysis = analysis_named(key)
    probe = model if isinstance(model, Probe) else Probe(model)
    target = Target(inputs=inputs, class_index=class_index, layer_name=layer)
    return analysis.compute(probe, target, analysis.settings(**settings), progress)


def filled(model: keras.Model, seed: int = 3) -> keras.Model:
    """A model with seeded weights, biases included."""
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(size=w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def photo(shape: tuple[int, ...] = (6, 5, 3), seed: int = 5) -> np.ndarray:
    """Model input ``(1, H, W, c)`` from black, 0, to white, 1."""
    return np.random.default_rng(seed).random((1, *shape), np.float32)


def linear(shape: tuple[int, ...] = (6, 5, 3), classes: int = 2) -> keras.Model:
    """One weight for each value of the picture and class, and a bias."""
    return filled(keras.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(classes, "softmax")]))


def weights_of(model: keras.Model, class_index: int = 0) -> np.ndarray:
    """The weights of a class of ``linear`` ``(H, W, c)``."""
    return model.get_weights()[0][:, class_index].reshape(model.input_shape[1:])


def mean_head(units: int = 3, activation: str = "softmax") -> keras.Model:
    """Convolution ``conv`` with ReLU, mean over the map, dense: the network that CAM was made for."""
    return filled(
        keras.Sequential(
            [
                layers.Input((6, 5, 3)),
                layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(units, activation, name="head"),
            ]
        )
    )


def constant(units: int = 2) -> keras.Model:
    """The same answer for every picture: all weights zero, the biases not; with a convolution ``conv``."""
    model = mean_head(units)
    weights = model.get_weights()
    model.set_weights([*(np.zeros_like(w) for w in weights[:-1]), weights[-1]])
    return model
