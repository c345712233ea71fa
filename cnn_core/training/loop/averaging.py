"""Averaged weights: smoother and better than the last ones (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEPS_BETWEEN_MOVES = 8  # fetching the weights of a model costs about as much as a small step

Weights = Sequence[NDArray[np.float32]]


class WeightAverage:
    """An exponential moving average of weights over the steps of a run, in NumPy.

    It moves every few steps, by the decay of all of them at once, and must also be moved before it is judged,
    kept or saved: what it has not taken in would be missing there.

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

    def restore(self, values: Weights, step: int, moved_at: int | None) -> None:
        """Go on from a checkpoint.

        Args:
            values: the averaged weights.
            step: of the run.
            moved_at: up to which step they have taken the weights in; None in a checkpoint of old, where that
                was every eighth one.
        """
        self.values = [np.array(value) for value in values]
        self.step = step - step % STEPS_BETWEEN_MOVES if moved_at is None else moved_at
