"""How a picture is represented while it climbs: waves of decorrelated colours.

Climbing in pixels gives noise, because a network answers to single pixels. Climbing in the
amplitudes of waves, long waves scaled up as they are in photos, gives pictures (Olah, Mordvintsev
and Schubert 2017). Where we differ: the waves are those of the real, separable Hartley transform
(cas = cos + sin), so that a picture is two small matrix products instead of a complex FFT; and
the picture is a torus: moving it is another order of the rows of these matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.images.preprocessing import Preprocessing

Float = NDArray[np.float32]
Size = tuple[int, int]

# Symmetric square root of the covariance of red, green and blue (0..1), measured over the 1,000
# validation photos of cats_and_dogs_filtered, each shrunk to 48 x 48: eigenvectors times root of
# the eigenvalues times eigenvectors transposed. Light and dark carry 94 % of the variance.
PHOTO_COLOURS = (
    (0.19525, 0.12226, 0.09647),
    (0.12226, 0.17000, 0.12293),
    (0.09647, 0.12293, 0.18765),
)
START_DEVIATION = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasStyle:
    """How easily each wave and colour is painted.

    Attributes:
        decay: amplitude of a wave falls with its frequency to this power; 1 as in photos, 0 flat.
        colour: 1 colours as correlated as in photos, 0 all colours equally easy.
    """

    decay: float
    colour: float


class Canvas:
    """The representation for pictures of one size."""

    def __init__(self, size: Size, channels: int, preprocessing: Preprocessing, style: CanvasStyle) -> None:
        """``size`` (height, width) of the torus; ``channels`` of the model's input."""
        self.size = size
        self.channels = channels
        self._style = style
        low, high = preprocessing.bounds()
        self._low = np.broadcast_to(low, (channels,))
        self._span = np.broadcast_to(high - low, (channels,))
        self._reverse = preprocessing.channel_order == "bgr"

    @cached_property
    def waves(self) -> tuple[Float, Float]:
        """Orthonormal waves down and across: ``(H, H)`` and ``(W, W)``, a column each."""
        down, across = (hartley(side) for side in self.size)
        return down.astype(np.float32), across.astype(np.float32)

    @cached_property
    def amplitudes(self) -> Float:
        """Scale of every wave, ``(H, W)``, of quadratic mean 1."""
        down, across = (np.square(frequencies(side)) for side in self.size)
        frequency = np.sqrt(down[:, None] + across[None, :])
        slowest = 1 / max(self.size)
        scale: Float = (np.maximum(frequency, slowest) ** -self._style.decay).astype(np.float32)
        scale /= np.sqrt(np.square(scale).mean())
        return scale

    @cached_property
    def colours(self) -> Float:
        """Matrix from decorrelated to real colours ``(c, c)``; identity unless there are three."""
        if self.channels != 3:
            return np.eye(self.channels, dtype=np.float32)
        values, vectors = np.linalg.eigh(np.asarray(PHOTO_COLOURS))
        values = np.power(values / values.max(), self._style.colour)
        matrix: Float = ((vectors * values) @ vectors.T).astype(np.float32)
        return matrix[::-1, ::-1] if self._reverse else matrix

    def start(self, seeds: list[list[int]]) -> Float:
        """Faint noise to start from, ``(n, c, H, W)``; a picture depends on its own seed only."""
        shape = (self.channels, *self.size)
        noise = [np.random.default_rng(seed).standard_normal(shape) for seed in seeds]
        return (START_DEVIATION * np.stack(noise)).astype(np.float32)

    def pictures(self, coefficients: Any, rows: Any, columns: Any) -> Any:
        """Model inputs painted from coefficients.

        Args:
            coefficients: ``(n, c, H, W)``.
            rows, columns: ``(H,)`` and ``(W,)``, int: the order in which to paint them.

        Returns:
            ``(n, H, W, c)``, inside the range of the preprocessing.
        """
        ops = keras.ops
        down = ops.take(ops.convert_to_tensor(self.waves[0]), rows, axis=0)  # (H, H)
        across = ops.take(ops.convert_to_tensor(self.waves[1]), columns, axis=0)  # (W, W)
        waves = ops.reshape(coefficients * self.amplitudes, (-1, self.channels, math.prod(self.size)))
        coloured = ops.reshape(ops.matmul(self.colours, waves), (-1, self.channels, *self.size))
        painted = ops.matmul(ops.matmul(down, coloured), ops.transpose(across))  # (n, c, H, W)
        painted = ops.transpose(ops.sigmoid(painted), (0, 2, 3, 1))  # (n, H, W, c)
        return self._low + self._span * painted

    def contrast(self, coefficients: Any) -> Any:
        """Quadratic mean over what coefficients paint, before colours and squashing: ``(n, 1, 1, 1)``."""
        painted = keras.ops.square(coefficients * self.amplitudes)  # the waves are orthonormal
        return keras.ops.sqrt(keras.ops.mean(painted, axis=(1, 2, 3), keepdims=True))


def frequencies(side: int) -> NDArray[np.float64]:
    """Cycles per pixel of the waves of ``hartley(side)``."""
    index = np.arange(side)
    return np.minimum(index, side - index) / side


def hartley(side: int) -> NDArray[np.float64]:
    """The orthonormal discrete Hartley transform, ``(side, side)``; it is its own inverse.

    Reference: Bracewell (1983).
    """
    angle = 2 * np.pi * np.outer(np.arange(side), np.arange(side)) / side
    waves: NDArray[np.float64] = (np.cos(angle) + np.sin(angle)) / np.sqrt(side)
    return waves
