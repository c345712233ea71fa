"""Gradient ascent: many small steps up the objective.

Every step has the same length for every image, measured as the change of its contrast, whatever
the size of the gradient: channels differ in it by orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.feature_visualization.engine.parameterization import Parameterization

Float = NDArray[np.float32]

CHUNK_STEPS = 8  # steps between two looks at whether to go on
SMALLEST = 1e-12  # gradients below are taken for none


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientAscent:
    """Normalized gradient ascent with momentum and step lengths that decay to 0.

    Attributes:
        steps: number of steps; with 0 the start is what comes out.
        total_step_length: of all steps together, as quadratic mean over the image before squashing.
        momentum: share of the last step that the next one keeps.
        decay: share of the steps over which they get shorter.
    """

    steps: int
    total_step_length: float
    momentum: float = 0.5
    decay: float = 0.25

    def step_lengths(self) -> Float:
        """``(steps,)``."""
        to_come = 1 - np.arange(self.steps) / max(self.steps, 1)  # share of the steps
        lengths = np.minimum(1, to_come / self.decay)
        lengths *= self.total_step_length / max(lengths.sum(), SMALLEST)
        return lengths.astype(np.float32)

    def chunks(self) -> list[slice]:
        """The steps in chunks that are done one by one, with time for others between them."""
        ends = [*range(CHUNK_STEPS, self.steps, CHUNK_STEPS), self.steps]
        return [slice(first, end) for first, end in zip([0, *ends], ends, strict=False) if end > first]

    def state(self, start: Float) -> list[Any]:
        """What ``step`` takes at first: coefficients ``(n, c, H, W)`` and the step before, which is none."""
        return [start, np.zeros_like(start)]

    def step(
        self, state: Sequence[Any], gradient: Any, length: Any, parameterization: Parameterization
    ) -> list[Any]:
        """The next state; written with ``keras.ops``."""
        coefficients, before = state
        direction = gradient / (parameterization.contrast(gradient) + SMALLEST)
        step = self.momentum * before + (1 - self.momentum) * direction
        return [coefficients + length * step, step]
