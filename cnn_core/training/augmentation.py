"""Random changes of a training picture: one affine warp and one colour matrix, on uint8."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.training.config import Augmentation

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
GREY = 127


def augmented(
    pixels: NDArray[np.uint8], params: Augmentation, rng: np.random.Generator, size_px: int
) -> NDArray[np.uint8]:
    """One random variant of a picture, resized to a square.

    Args:
        pixels: ``(H, W, 3)``, uint8, RGB. Not changed.
        params: how much may change.
        rng: the only source of randomness.
        size_px: side of the result.

    Returns:
        ``(size_px, size_px, 3)``, uint8, RGB.
    """
    matrix = _affine(pixels.shape[:2], params, rng, size_px)
    warped = cv2.warpAffine(
        pixels, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    coloured = cv2.transform(warped, _colour_matrix(params, rng))
    return _erased(coloured.astype(np.uint8, copy=False), params, rng)


def _affine(
    shape: tuple[int, ...], params: Augmentation, rng: np.random.Generator, size_px: int
) -> NDArray[np.float64]:
    """The 2x3 matrix that takes source pixel centres to target pixel centres."""
    angle = np.deg2rad(rng.uniform(-1, 1) * params.rotation_degrees)
    zoom = np.exp(rng.uniform(-1, 1) * np.log1p(params.zoom))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log1p(params.stretch))
    mirror = -1.0 if params.flip and rng.random() < 0.5 else 1.0
    shift = rng.uniform(-1, 1, 2) * params.shift_fraction * size_px
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    fit = np.diag([size_px / shape[1], size_px / shape[0]])
    linear = rotation @ np.diag([mirror * zoom * stretch, zoom / stretch]) @ fit
    source_centre = np.array([shape[1] - 1, shape[0] - 1]) / 2
    offset = (size_px - 1) / 2 + shift - linear @ source_centre
    return np.column_stack([linear, offset])


def _colour_matrix(params: Augmentation, rng: np.random.Generator) -> NDArray[np.float32]:
    """3x4 matrix: saturation about the grey axis, contrast about mid grey, brightness added."""
    saturation = 1 + rng.uniform(-1, 1) * params.saturation
    contrast = 1 + rng.uniform(-1, 1) * params.contrast
    brightness = rng.uniform(-1, 1) * params.brightness * 255
    colour = contrast * (saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * LUMA[None, :])
    bias = np.full((3, 1), (1 - contrast) * GREY + brightness)
    return np.hstack([colour, bias]).astype(np.float32)


def _erased(pixels: NDArray[np.uint8], params: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    if rng.random() >= params.erase_probability:
        return pixels
    size_px = pixels.shape[0]
    height, width = (rng.uniform(0.1, max(0.1, params.erase_fraction), 2) * size_px).astype(int)
    top, left = rng.integers(0, size_px - height + 1), rng.integers(0, size_px - width + 1)
    pixels[top : top + height, left : left + width] = GREY
    return pixels
