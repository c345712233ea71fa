"""Averaged weights: smoother and better than the last ones (Polyak and Juditsky 1992)."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

STEPS_BETWEEN_UPDATES = 8


class WeightAverage:
    """An exponential moving average of all weights of a model, kept in NumPy."""

    def __init__(self, model: keras.Model, decay: float) -> None:
        self._model = model
        self._decay = decay
        self.step = 0
        self.values: list[NDArray[np.float32]] = model.get_weights()

    def update(self) -> None:
        """Count one training step; every eighth one moves the average."""
        self.step += 1
        if self.step % STEPS_BETWEEN_UPDATES:
            return
        # The early average forgets the random start quickly.
        decay = min(self._decay, (1 + self.step) / (10 + self.step)) ** STEPS_BETWEEN_UPDATES
        for average, weight in zip(self.values, self._model.get_weights(), strict=True):
            average *= decay
            average += (1 - decay) * weight
