"""How an image is parameterized while it is optimized: in waves or pixels, with decorrelated colours.

Gradient ascent on pixels gives noise, because a network answers to single pixels. On the amplitudes
of waves, long waves scaled up as they are in photos, it gives images (Olah, Mordvintsev and Schubert
2017). Where we differ: the waves are those of the real, separable Hartley transform (cas = cos + sin),
so that an image is two small matrix products instead of a complex FFT; and the image is a torus:
shifting it is another order of the rows of these matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import keras
from cnn_core.images.preprocessing import Preprocessing

Float = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Basis = tuple[Any, Any]

# Symmetric square root of the covariance of red, green and blue (0..1), measured over the 1,000
# validation photos of cats_and_dogs_filtered, each shrunk to 48 x 48: eigenvectors times root of
# the eigenvalues times eigenvectors transposed. Light and dark carry 94 % of the variance.
PHOTO_COLOURS = (
    (0.19525, 0.12226, 0.09647),
    (0.12226, 0.17000, 0.12293),
    (0.09647, 0.12293, 0.18765),
)
START_DEVIATION = 0.01
DARKEST = 1 / 512  # of 1; a given image keeps a gradient where it is black or white, and rounds back


@dataclass(frozen=True, kw_only=True)
class Parameterization:
    """Coefficients ``(n, c, H, W)`` instead of pixels, for images of one size.

    Attributes:
        size_px: (height, width).
        channels: of the model's input.
        preprocessing: of the model; images stay inside its range.
        basis: ``hartley`` for waves, ``pixels`` for single pixels.
        decay: amplitude of a wave falls with its frequency to this power; 1 as in photos, 0 flat.
        colour: 1 colours as correlated as in photos, 0 all colours equally easy.
    """

    size_px: tuple[int, int]
    channels: int
    preprocessing: Preprocessing
    basis: Literal["hartley", "pixels"] = "hartley"
    decay: float = 1.0
    colour: float = 1.0

    @cached_property
    def matrices(self) -> tuple[Float, Float]:
        """The orthonormal basis down and across: ``(H, H)`` and ``(W, W)``, an element a column."""
        make = hartley if self.basis == "hartley" else np.eye
        down, across = (make(side).astype(np.float32) for side in self.size_px)
        return down, across

    @cached_property
    def amplitudes(self) -> Float:
        """Scale of every element of the basis, ``(H, W)``, of quadratic mean 1."""
        if self.basis == "pixels":
            return np.ones(self.size_px, np.float32)
        down, across = (np.square(frequencies(side)) for side in self.size_px)
        frequency = np.sqrt(down[:, None] + across[None, :])
        slowest = 1 / max(self.size_px)
        scale: Float = (np.maximum(frequency, slowest) ** -self.decay).astype(np.float32)
        scale /= np.sqrt(np.square(scale).mean())
        return scale

    @cached_property
    def colours(self) -> Float:
        """Matrix from decorrelated to real colours ``(c, c)``; identity unless there are three."""
        if self.channels != 3:
            return np.eye(self.channels, dtype=np.float32)
        values, vectors = np.linalg.eigh(np.asarray(PHOTO_COLOURS))
        values = np.power(values / values.max(), self.colour)
        matrix: Float = ((vectors * values) @ vectors.T).astype(np.float32)
        return matrix[::-1, ::-1] if self.preprocessing.channel_order == "bgr" else matrix

    def noise(self, seeds: list[list[int]]) -> Float:
        """Faint noise to start from, ``(n, c, H, W)``; an image depends on its own seed only."""
        shape = (self.channels, *self.size_px)
        noise = [np.random.default_rng(seed).standard_normal(shape) for seed in seeds]
        return (START_DEVIATION * np.stack(noise)).astype(np.float32)

    def grey(self, count: int) -> Float:
        """Mid-grey to start from, ``(count, c, H, W)``."""
        return np.zeros((count, self.channels, *self.size_px), np.float32)

    def encode(self, pixels: Pixels) -> Float:
        """Coefficients ``(n, c, H, W)`` of given images ``(n, H, W, c)``: the inverse of ``decode``."""
        low, span = self._range
        shares = (self.preprocessing.apply(pixels) - low) / span
        shares = np.clip(shares, DARKEST, 1 - DARKEST).transpose(0, 3, 1, 2)  # (n, c, H, W)
        down, across = self.matrices
        coloured = down.T @ np.log(shares / (1 - shares)) @ across
        waves = np.tensordot(np.linalg.inv(self.colours), coloured, (1, 1)).swapaxes(0, 1)
        return (waves / self.amplitudes).astype(np.float32)

    def images(self, coefficients: Any, basis: Basis | None = None) -> Any:
        """Model inputs ``(n, H, W, c)`` inside the range of the preprocessing; ``keras.ops``.

        Args:
            coefficients: ``(n, c, H, W)``.
            basis: matrices to use instead of this value's own; see ``Transform.on_basis``.
        """
        ops = keras.ops
        down, across = self.matrices if basis is None else basis
        waves = ops.reshape(coefficients * self.amplitudes, (-1, self.channels, math.prod(self.size_px)))
        coloured = ops.reshape(ops.matmul(self.colours, waves), (-1, self.channels, *self.size_px))
        painted = ops.matmul(ops.matmul(down, coloured), ops.transpose(across))  # (n, c, H, W)
        shares = ops.transpose(ops.sigmoid(painted), (0, 2, 3, 1))  # (n, H, W, c)
        low, span = self._range
        return low + span * shares

    def decode(self, coefficients: Any) -> Pixels:
        """Pixels 0..255 ``(n, H, W, c)`` of coefficients."""
        return self.preprocessing.invert(keras.ops.convert_to_numpy(self.images(coefficients)))

    def contrast(self, coefficients: Any) -> Any:
        """Quadratic mean over an image before colours and squashing: ``(n, 1, 1, 1)``; ``keras.ops``."""
        painted = keras.ops.square(coefficients * self.amplitudes)  # the basis is orthonormal
        return keras.ops.sqrt(keras.ops.mean(painted, axis=(1, 2, 3), keepdims=True))

    @property
    def _range(self) -> tuple[Float, Float]:
        """Model input of black, and how far white is from it, per channel."""
        low, high = self.preprocessing.bounds()
        return np.broadcast_to(low, (self.channels,)), np.broadcast_to(high - low, (self.channels,))


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
