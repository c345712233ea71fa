"""Weight randomization: whether a map changes when the network that it explains is spoilt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import keras
from cnn_core.probe.probe import Probe

STAGES = (0.25, 0.5, 0.75, 1.0)  # shares of the layers with weights, from the answer towards the pixels


class RandomizedCopy:
    """A copy of a network, the weights of whose upper layers are shuffled; the network itself stays as it is.

    Each layer keeps its own numbers in another order, so that their size and spread stay, and what a shuffled
    layer holds is the same at every stage.

    Reference:
        Adebayo et al. (2018), their cascade, with a shuffle for the new draw.
    """

    def __init__(self, probe: Probe, seed: int) -> None:
        """Copy the network of ``probe``; ``seed`` decides the shuffle."""
        self._probe, self._seed = probe.copied(), seed
        self._layers = [tuple(layer.weights) for layer in self._probe.weighted_layers]
        self._trained = [[_values(weight) for weight in layer] for layer in self._layers]

    def at(self, share: float) -> Probe:
        """The copy with the upper ``share`` of its layers shuffled, 0 to 1, until it is asked for another."""
        first = len(self._layers) - round(share * len(self._layers))
        for index, (layer, trained) in enumerate(zip(self._layers, self._trained, strict=True)):
            random = np.random.default_rng((self._seed, index))
            for weight, values in zip(layer, trained, strict=True):
                weight.assign(_shuffled(values, random) if index >= first else values)
        return self._probe


def _values(weight: Any) -> NDArray[Any]:
    return np.array(keras.ops.convert_to_numpy(weight))


def _shuffled(values: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    return np.asarray(random.permutation(values.ravel()).reshape(values.shape))
