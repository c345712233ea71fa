"""Random changes of a training picture: one affine warp and one colour matrix, on uint8."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.training.settings.config import Augmentation

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
GREY = 127
BORDER = cv2.BORDER_REFLECT_101  # at the edge of a picture: its mirror image


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
    warped = _warped(pixels, matrix, size_px)
    if params.brightness or params.contrast or params.saturation:
        warped = cv2.transform(warped, _colour_matrix(params, rng)).astype(np.uint8, copy=False)
    return _erased(warped, params, rng)


def _warped(pixels: NDArray[np.uint8], matrix: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    """The picture under a 2x3 matrix, mirrored at its borders.

    OpenCV interpolates by vectors of pixels inside a picture and one by one across its border, so what is
    needed of the mirror image is laid around it first: a third faster.
    """
    top, bottom, left, right = _overhang(pixels.shape[:2], matrix, size_px)
    if max(top, bottom, left, right) <= min(pixels.shape[:2]) // 2:
        pixels = np.asarray(cv2.copyMakeBorder(pixels, top, bottom, left, right, BORDER), np.uint8)
        matrix = matrix.copy()
        matrix[:, 2] -= matrix[:, :2] @ (left, top)
    warped = cv2.warpAffine(pixels, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=BORDER)
    return np.asarray(warped, np.uint8)


def _overhang(shape: tuple[int, ...], matrix: NDArray[np.float64], size_px: int) -> tuple[int, int, int, int]:
    """By how many pixels the corners of the result lie off the picture: top, bottom, left, right."""
    (a, b, e), (c, d, f) = matrix.tolist()
    determinant = a * d - b * c
    corners = [(x - e, y - f) for x in (0, size_px - 1) for y in (0, size_px - 1)]
    columns = [(d * x - b * y) / determinant for x, y in corners]
    rows = [(a * y - c * x) / determinant for x, y in corners]
    return (
        max(0, math.ceil(-min(rows)) + 1),
        max(0, math.ceil(max(rows)) - shape[0] + 2),
        max(0, math.ceil(-min(columns)) + 1),
        max(0, math.ceil(max(columns)) - shape[1] + 2),
    )


def _affine(
    shape: tuple[int, ...], params: Augmentation, rng: np.random.Generator, size_px: int
) -> NDArray[np.float64]:
    """The 2x3 matrix that takes source pixel centres to target pixel centres."""
    angle = math.radians(rng.uniform(-1, 1) * params.rotation_degrees)
    zoom = math.exp(rng.uniform(-1, 1) * math.log1p(params.zoom))
    stretch = math.exp(rng.uniform(-0.5, 0.5) * math.log1p(params.stretch))
    mirror = -1.0 if params.flip and rng.random() < 0.5 else 1.0
    shift_x, shift_y = (rng.uniform(-1, 1, 2) * params.shift_fraction * size_px).tolist()
    # By hand, since NumPy takes longer for so few numbers than OpenCV for the picture's border.
    across, down = mirror * zoom * stretch * size_px / shape[1], zoom / stretch * size_px / shape[0]
    a, b = math.cos(angle) * across, -math.sin(angle) * down
    c, d = math.sin(angle) * across, math.cos(angle) * down
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    middle = (size_px - 1) / 2
    offset = (middle + shift_x - a * x - b * y, middle + shift_y - c * x - d * y)
    return np.array([[a, b, offset[0]], [c, d, offset[1]]])


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
