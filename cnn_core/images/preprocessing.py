"""From RGB pixels to the numbers that a network was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """From pixel values 0..255 to model input: ``pixels * scale + offset``.

    Attributes:
        scale: factor per channel, or one for all.
        offset: added after scaling, per channel, or one for all.
        channel_order: ``rgb``, or ``bgr`` for networks with Caffe's weights.
        fit: how a picture becomes the size of the input before that: ``squash`` it, or ``crop`` its middle in
            the proportions of the input.
    """

    scale: tuple[float, ...] = (1 / 255,)
    offset: tuple[float, ...] = (0.0,)
    channel_order: str = "rgb"
    fit: str = "squash"

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Model input, float32, same shape as ``pixels`` ``(..., channels)``."""
        if self.channel_order == "bgr":
            pixels = pixels[..., ::-1]
        if len(self.scale) == 1 and not any(self.offset):
            return pixels * np.float32(self.scale[0])  # one pass over memory, five times faster
        return pixels * _per_channel(self.scale) + _per_channel(self.offset)

    def invert(self, inputs: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The picture that a model input shows: inverse of ``apply``, clipped and rounded."""
        values = (inputs - _per_channel(self.offset)) / _per_channel(self.scale)
        pixels: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return pixels[..., ::-1] if self.channel_order == "bgr" else pixels

    def bounds(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Model inputs of a black and of a white pixel, each ``(1,)`` or ``(channels,)``."""
        offset = _per_channel(self.offset)
        return offset, offset + 255 * _per_channel(self.scale)


def _per_channel(values: tuple[float, ...]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)
