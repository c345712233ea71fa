"""The climb: many small steps up the objective, from faint noise to a picture.

Every step has the same length for every picture, measured as the change of its contrast, whatever
the size of the gradient: channels differ in it by orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.backend import Ascent
from cnn_core.feature_visualization.engine.objectives import Objective
from cnn_core.feature_visualization.engine.parameterization import Canvas

Float = NDArray[np.float32]
Size = tuple[int, int]

MEMORY = 0.5  # share of the last step that the next one keeps
CHUNK_STEPS = 8
FADE = 0.25  # share of the steps over which they get smaller, down to 0
SMALLEST = 1e-12  # gradients below are taken for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What differs from step to step.

    Attributes:
        steps: number of steps.
        seed: of the random shifts.
        play_px: how far the picture may be shifted, down and across.
        travel: length of all steps together, as quadratic mean over the picture before squashing.
    """

    steps: int
    seed: int
    play_px: Size
    travel: float

    def arrays(self, size: Size) -> list[NDArray[Any]]:
        """Per step, rows ``(steps, H)`` and columns ``(steps, W)`` to paint, and its length ``(steps,)``.

        The shifts are evenly spread, in random order: each puts the frame that padding makes
        somewhere else, and a place that got it more often than others would show it.
        """
        generator = np.random.default_rng(self.seed)
        shown = []
        for side, play in zip(size, self.play_px, strict=True):
            order = generator.permutation(self.steps) + generator.random(self.steps)
            shifts = np.rint((order / self.steps - 0.5) * play).astype(np.int64)
            shown.append(((shifts[:, None] + np.arange(side)) % side).astype(np.int32))
        left = 1 - np.arange(self.steps) / self.steps  # share of the steps to come
        lengths = np.minimum(1, left / FADE)
        lengths *= self.travel / lengths.sum()
        return [*shown, lengths.astype(np.float32)]


class Climb:
    """A compiled climb on one objective, which takes pictures of the size of ``canvas``."""

    def __init__(self, objective: Objective, canvas: Canvas) -> None:
        self._size = canvas.size

        def score(coefficients: Any, fixed: Any, now: Any) -> Any:
            return objective(canvas.pictures(coefficients, now[0], now[1]), fixed[0])

        def uphill(state: Any, gradient: Any, now: Any) -> list[Any]:
            climbed, step = state
            direction = gradient / (canvas.contrast(gradient) + SMALLEST)
            step = MEMORY * step + (1 - MEMORY) * direction
            return [climbed + now[2] * step, step]

        self._ascent = Ascent(score, uphill)

    def run(self, start: Float, channels: NDArray[Any], schedule: Schedule) -> Iterator[tuple[Float, Float]]:
        """Climb in chunks of a few steps, handing back control between them.

        Args:
            start: coefficients ``(n, c, H, W)``.
            channels: ``(n,)``.
            schedule: how to climb.

        Yields:
            Coefficients after the chunk, and the scores before each of its steps ``(chunk, n)``.
        """
        state: list[Any] = [start, np.zeros_like(start)]
        arrays = schedule.arrays(self._size)
        first = 0
        for end in chunk_ends(schedule.steps):
            now = [array[first:end] for array in arrays]
            first = end
            state, history = self._ascent(state, [np.int32(channels)], now)
            yield state[0], history


def chunk_ends(steps: int) -> list[int]:
    """Numbers of steps done after each chunk of a climb."""
    return [*range(CHUNK_STEPS, steps, CHUNK_STEPS), steps]
