"""The strongest maps of a layer as a small square picture, for the walk through the layers."""

from __future__ import annotations

import cv2
import numpy as np

from cnn_core.results import LayerSummary
from dashboard.figures.colours import Float, Scale, UInt8, fitting_scale
from dashboard.figures.pictures.pictures import png

CARD_PX = 300
GROUND = 255


def card_pixels(layer: LayerSummary, side_px: int = CARD_PX) -> UInt8:
    """The four liveliest maps, two by two, each on its own scale, ``(side, side, 4)``, RGBA."""
    if layer.maps.shape[2] < 4:
        return _opaque(square_pixels(layer.maps[..., 0], side_px))
    half, gap = (side_px - 4) // 2, 4
    canvas = np.zeros((side_px, side_px, 4), np.uint8)
    for place in range(4):
        top, left = (place // 2) * (half + gap), (place % 2) * (half + gap)
        canvas[top : top + half, left : left + half] = _opaque(square_pixels(layer.maps[..., place], half))
    return canvas


def card_png(layer: LayerSummary) -> bytes:
    """``card_pixels`` as a PNG file."""
    return png(card_pixels(layer))


def square_pixels(values: Float, side_px: int, scale: Scale | None = None) -> UInt8:
    """One map ``(h, w)`` in colour, ``(side, side, 3)``, on its own scale unless one is given.

    Enlarged without smoothing.
    """
    scale = fitting_scale(values) if scale is None else scale
    interpolation = cv2.INTER_AREA if max(values.shape) > side_px else cv2.INTER_NEAREST_EXACT
    resized = cv2.resize(np.ascontiguousarray(values), (side_px, side_px), interpolation=interpolation)
    return scale.colours(np.asarray(resized, np.float32))


def _opaque(pixels: UInt8) -> UInt8:
    return np.dstack([pixels, np.full(pixels.shape[:2], GROUND, np.uint8)])
