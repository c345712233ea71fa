"""A map laid over the photo that it belongs to."""

from __future__ import annotations

import cv2
import numpy as np

from dashboard.figures.colours import Float, Scale, UInt8, magnitude_scale, signed_scale

OPACITY_POWER, THIN_OPACITY_POWER = np.float32(0.75), np.float32(0.45)
BROAD = 0.2  # mean of a map over its largest value from which on it is broad, as class activation maps are
DARKENED = 0.6  # of the photo's light beneath a thin map


def overlay_scale(values: Float, *, signed: bool) -> Scale:
    """Blue, white and red centred on 0 for signed maps, else viridis from 0."""
    return signed_scale(values) if signed else magnitude_scale(values)


def overlay(pixels: UInt8, values: Float, *, scale: Scale, opacity: float) -> UInt8:
    """Colours of ``values`` over a photo, the more opaque the further from 0.

    Opacity grows somewhat faster than the distance, so that weak evidence can be seen as well. Beneath a thin
    map, of a few strong places on much of nothing, the photo is grey and dark, else nobody would see these.

    Args:
        pixels: ``(H, W, 3)``, uint8.
        values: ``(H, W)``, as ``fit_to_image`` returns it.
        scale: colours and range.
        opacity: 0..1 of the strongest value; 0 gives back the photo's own bytes.

    Returns:
        ``(H, W, 3)``, uint8.
    """
    reach = max(abs(scale.low), abs(scale.high))
    if opacity <= 0 or reach == 0:
        return np.array(pixels)
    thin = thinness(values)
    power = OPACITY_POWER + thin * (THIN_OPACITY_POWER - OPACITY_POWER)
    alpha = opacity * np.clip(np.abs(values) / np.float32(reach), 0, 1)[..., None] ** power
    grey = DARKENED * cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    beneath = pixels + opacity * thin * (grey - pixels)
    mixed = beneath * (1 - alpha) + scale.colours(values) * alpha
    return np.rint(mixed).astype(np.uint8)


def thinness(values: Float) -> float:
    """How much of a map is next to nothing beside its strongest place: 0 for a broad map, to 1."""
    sizes = np.abs(values)
    strongest = float(sizes.max(initial=0))
    return 0.0 if strongest == 0 else max(0.0, 1 - float(sizes.mean()) / strongest / BROAD)
