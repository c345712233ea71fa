"""Random changes of an image before each step, so that no single pixel and no frame decides.

An image that drives a unit only where it lies, to the pixel, is noise to us; one that does so wherever
it is moved has a shape (Olah et al. 2017).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.feature_visualization.engine.parameterization import Basis
from cnn_core.framework import keras

Size = tuple[int, int]


class Transform(ABC):
    """A change of the image that differs from step to step.

    Graphs are compiled once for a class of transforms, so whatever a value holds has to come in
    through ``schedule``. Both other methods are written with ``keras.ops``; override one.
    """

    @abstractmethod
    def schedule(self, steps: int, size_px: Size, generator: np.random.Generator) -> NDArray[Any]:
        """What to do at each step, ``(steps, ...)``, for images of (height, width) ``size_px``."""

    def on_basis(self, basis: Basis, now: Any) -> Basis:
        """Change the basis, before the image is painted: for anything separable; costs next to nothing."""
        return basis

    def on_images(self, images: Any, now: Any) -> Any:
        """Change painted images ``(n, H, W, c)``."""
        return images


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter(Transform):
    """Shift the image around the torus.

    Attributes:
        range_px: how far the shifts spread, down and across; 0 for none.
    """

    range_px: Size

    def schedule(self, steps: int, size_px: Size, generator: np.random.Generator) -> NDArray[np.int32]:
        """Shifts ``(steps, 2)``, evenly spread, in random order.

        Each puts the frame that padding makes somewhere else, and a position that got it more often
        than others would show it.
        """
        shifts = []
        for reach in self.range_px:
            order = generator.permutation(steps) + generator.random(steps)
            shifts.append(np.rint((order / max(steps, 1) - 0.5) * reach).astype(np.int32))
        return np.stack(shifts, axis=1)

    def on_basis(self, basis: Basis, now: Any) -> Basis:
        """Paint the rows and columns of the image in another order."""
        down, across = (
            keras.ops.roll(keras.ops.convert_to_tensor(matrix), -now[axis], axis=0)
            for axis, matrix in enumerate(basis)
        )
        return down, across
