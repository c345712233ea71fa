"""The weights that are validated and kept: averaged over the steps, statistics rid of how they began."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import backend

STEPS_BETWEEN_MOVES = 8  # fetching the weights of a model costs about as much as a small step

FIRST_MEAN, FIRST_VARIANCE = 0.0, 1.0  # of Keras' batch normalisation

Weights = Sequence[NDArray[np.float32]]


class WeightAverage:
    """An exponential moving average of weights over the steps of a run (Polyak and Juditsky 1992).

    It moves every few steps, by the decay of all of them at once, and must also be moved before it is
    validated, kept or saved: what it has not taken in would be missing there.

    Attributes:
        values: the averaged weights.
        step: of the run, up to which they have taken the weights in.
    """

    def __init__(self, weights: Weights, decay: float) -> None:
        """Begin with the fresh ``weights`` of a network; ``decay`` is per step, 0..1."""
        self._decay = decay
        self.step = 0
        self.values: list[NDArray[np.float32]] = [np.array(weight) for weight in weights]

    def is_due(self, step: int) -> bool:
        """Whether so many steps have passed that the average should move."""
        return step - self.step >= STEPS_BETWEEN_MOVES

    def move(self, step: int, weights: Weights) -> None:
        """Take in the weights after ``step``, counted from 1; nothing changes where they are taken in."""
        # The early average forgets the random start: n steps leave less than (10 / n) ** 9 of it.
        decay = min(self._decay, (1 + step) / (10 + step)) ** (step - self.step)
        for average, weight in zip(self.values, weights, strict=True):
            average *= decay
            average += (1 - decay) * weight
        self.step = step

    def restore(self, values: Weights, step: int) -> None:
        """Go on from averaged weights that have taken all in up to ``step``."""
        self.values = [np.array(value) for value in values]
        self.step = step


class MovingStatistics:
    """The weights of a model as they should be validated while it is young.

    A moving mean ``m`` of momentum 0.99 still holds 0.99 ** 12 = 89 % of its first value after twelve steps,
    so a network validated by it answers nonsense, however well it has learned. What it would be without
    that value is ``(m - first * share) / (1 - share)``, as Adam corrects its own averages (Kingma and Ba
    2015, section 3). After a thousand steps nothing is left to correct.

    Only the layers of our own networks are corrected: those of a pretrained base began elsewhere.
    """

    def __init__(self, model: keras.Model) -> None:
        """``model`` has fresh weights, or will have trained ones of the same origin."""
        self._model = model
        positions = {id(weight): index for index, weight in enumerate(model.weights)}
        self._first = [
            (positions[id(variable)], first, layer.momentum)
            for layer in model.layers
            if isinstance(layer, backend.FusedBatchNormalization)
            for variable, first in ((layer.moving_mean, FIRST_MEAN), (layer.moving_variance, FIRST_VARIANCE))
        ]

    def exist(self) -> bool:
        """Whether the model has any."""
        return bool(self._first)

    def corrected_weights(self, step: int) -> list[NDArray[np.float32]]:
        """All weights of the model in Keras' order, after ``step`` training steps."""
        weights: list[NDArray[np.float32]] = self._model.get_weights()
        for index, first, momentum in self._first if step > 0 else ():
            share = momentum**step
            corrected = (weights[index] - first * share) / (1 - share)
            # Rounding must not take a variance of zero below it.
            weights[index] = np.maximum(corrected, 0) if first == FIRST_VARIANCE else corrected
        return weights
