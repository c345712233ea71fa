"""Weight randomization: whether a map changes when the network that it explains is spoilt."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.framework import keras
from cnn_core.probe.probe import Probe

STAGES = (0.25, 0.5, 0.75, 1.0)  # shares of the layers with weights, from the answer towards the pixels


class ShuffledWeights:
    """While it is held, the weights of the upper layers are shuffled, and nobody else uses the network.

    Each layer keeps its own numbers in another order, so that their size and spread stay.

    Reference:
        Adebayo et al. (2018), their cascade, with a shuffle for the new draw.
    """

    def __init__(self, probe: Probe, share: float, seed: int) -> None:
        """Of ``share`` of the layers with weights, from the top down."""
        self._probe, self._seed = probe, seed
        layers = probe.weighted_layers
        spoilt = layers[len(layers) - round(share * len(layers)) :]
        self._variables = [variable for layer in spoilt for variable in layer.weights]
        self._kept: list[Any] = []

    def __enter__(self) -> None:
        """Shuffle."""
        self._probe.lock.acquire()
        self._probe.weights.__enter__()
        self._kept = [np.array(keras.ops.convert_to_numpy(each)) for each in self._variables]
        random = np.random.default_rng(self._seed)
        for variable, values in zip(self._variables, self._kept, strict=True):
            variable.assign(random.permutation(values.ravel()).reshape(values.shape))

    def __exit__(self, *error: object) -> None:
        """Put everything back."""
        for variable, values in zip(self._variables, self._kept, strict=True):
            variable.assign(values)
        self._probe.weights.__exit__(None, None, None)
        self._probe.lock.release()


def randomized(probe: Probe, share: float, seed: int) -> Probe:
    """The same network with the weights of the upper ``share`` of its layers shuffled; ``probe`` stays."""
    return probe.with_weights(ShuffledWeights(probe, share, seed))
