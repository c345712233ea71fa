"""The moving statistics of batch normalisation, rid of the values that they began with."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import backend

FIRST_MEAN, FIRST_VARIANCE = 0.0, 1.0  # of Keras' layer


class MovingStatistics:
    """The weights of a model as they should be judged while it is young.

    A moving mean ``m`` of momentum 0.99 still holds 0.99 ** 12 = 89 % of its first value after twelve steps,
    so a network that is judged by it answers nonsense, however well it has learned. What it would be without
    that value is ``(m - first * share) / (1 - share)``, as Adam corrects its own averages (Kingma and Ba
    2015, section 3). After a thousand steps nothing is left to correct.

    Only the layers of our own networks are corrected: those of a pretrained base began elsewhere.
    """

    def __init__(self, model: keras.Model) -> None:
        """``model`` has fresh weights, or will have trained ones of the same origin."""
        self._model = model
        places = {id(weight): place for place, weight in enumerate(model.weights)}
        self._first = [
            (places[id(variable)], first, layer.momentum)
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
        for place, first, momentum in self._first if step > 0 else ():
            share = momentum**step
            corrected = (weights[place] - first * share) / (1 - share)
            # Rounding must not take a variance of zero below it.
            weights[place] = np.maximum(corrected, 0) if first == FIRST_VARIANCE else corrected
        return weights
