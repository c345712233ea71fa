"""What comes back where the gradient of a score is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerGradient:
    """A layer's output and how the score of a class depends on it.

    Attributes:
        activations, gradients: ``(n, h, w, k)``; for the input ``(n, H, W, c)``.
        scores: ``(n, classes)``, logits.
    """

    activations: Float
    gradients: Float
    scores: Float
