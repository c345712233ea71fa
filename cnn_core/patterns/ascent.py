"""The climb: many small steps up the objective, from faint noise to a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.backend import Ascent
from cnn_core.patterns.canvas import Canvas
from cnn_core.patterns.objective import Objective

Float = NDArray[np.float32]
Size = tuple[int, int]

# Adam (Kingma and Ba 2015) with its usual memory.
FIRST_MEMORY, SECOND_MEMORY, EPSILON = 0.9, 0.999, 1e-8
CHUNK_STEPS = 8
RATE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What differs from step to step.

    Attributes:
        steps: number of steps.
        seed: of the random shifts.
        rate: size of a step.
        jitter: 1 shifts the picture anywhere, 0 nowhere.
    """

    steps: int
    seed: int
    jitter: float
    rate: float = RATE

    def arrays(self, torus: Size, size: Size) -> tuple[NDArray[Any], ...]:
        """Rows ``(steps, h)``, columns ``(steps, w)`` to paint and rate ``(steps, 1)`` of every step."""
        generator = np.random.default_rng(self.seed)
        rows, columns = (
            shifted(generator.integers(0, 1 + int(self.jitter * (torus[a] - 1)), self.steps), torus[a], size[a])
            for a in (0, 1)
        )
        step = np.arange(1, self.steps + 1)
        fade = np.minimum(1, 4 * (1 - (step - 1) / self.steps))  # full rate, then down to 0 over the last quarter
        bias = np.sqrt(1 - SECOND_MEMORY**step) / (1 - FIRST_MEMORY**step)
        return rows, columns, np.float32(self.rate * fade * bias)[:, None]


def shifted(start: NDArray[Any], side: int, length: int) -> NDArray[np.int32]:
    """Indices of pieces of a torus: ``(n, length)`` from starts ``(n,)``."""
    return np.int32((start[:, None] + np.arange(length)) % side)


class Climb:
    """A compiled climb for pictures of one size on one objective."""

    def __init__(self, objective: Objective, canvas: Canvas, size: Size) -> None:
        """``size`` (height, width) is what the network is shown of the canvas."""
        self._canvas = canvas
        self._size = size

        def score(coefficients: Any, fixed: Any, now: Any) -> Any:
            return objective(canvas.pictures(coefficients, now[0], now[1]), fixed[0])

        self._ascent = Ascent(score, adam)

    def run(self, start: Float, channels: NDArray[Any], schedule: Schedule) -> Iterator[tuple[Float, Float]]:
        """Climb in chunks of a few steps, handing back control between them.

        Args:
            start: coefficients ``(n, kept, kept, c)``.
            channels: ``(n,)``.
            schedule: how to climb.

        Yields:
            Coefficients after the chunk, and the scores before each of its steps ``(chunk, n)``.
        """
        state = [start, np.zeros_like(start), np.zeros_like(start)]
        arrays = schedule.arrays(self._canvas.size, self._size)
        first = 0
        for end in chunk_ends(schedule.steps):
            now = [array[first:end] for array in arrays]
            first = end
            state, history = self._ascent(state, [np.int32(channels)], now)
            yield state[0], history


def chunk_ends(steps: int) -> list[int]:
    """Numbers of steps done after each chunk of a climb."""
    return [*range(CHUNK_STEPS, steps, CHUNK_STEPS), steps]


def adam(state: Any, gradient: Any, now: Any) -> list[Any]:
    """One step of Adam, uphill; the bias correction is part of the rate."""
    climbed, first, second = state
    first = FIRST_MEMORY * first + (1 - FIRST_MEMORY) * gradient
    second = SECOND_MEMORY * second + (1 - SECOND_MEMORY) * gradient * gradient
    return [climbed + now[2] * first / (keras.ops.sqrt(second) + EPSILON), first, second]
