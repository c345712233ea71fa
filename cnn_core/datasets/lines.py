"""Pictures of one line each: a set whose truth is known to the pixel, generated and not downloaded."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.factors import class_name

SIZE_PX = 28
LENGTHS_PX = (7, 15)
WIDTHS_PX = (1, 3)
ANGLES_DEGREES = tuple(range(0, 180, 15))
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}
RIM_PX = 2  # left free around the longest line
BATCH = 4096  # pictures drawn in one go

_LINES = tuple(itertools.product(LENGTHS_PX, WIDTHS_PX, ANGLES_DEGREES, COLOURS))

# The 96 classes, in the order of the labels.
CLASSES = tuple(
    class_name({"length": f"{length}px", "width": f"{width}px", "angle": f"{angle}deg", "colour": colour})
    for length, width, angle, colour in _LINES
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinePictures:
    """Pictures with the truth about them.

    Attributes:
        pixels: ``(n, 28, 28, 3)``, uint8, RGB, on black.
        labels: ``(n,)``, index in ``CLASSES``.
        coverage: ``(n, 28, 28)``, share of each pixel that the line covers, 0..1.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    coverage: NDArray[np.float32]


def line_pictures(labels: NDArray[np.int64], seed: int) -> LinePictures:
    """One picture of a line for each label, shifted at random, smooth at its edges.

    The angle is that to the horizontal, counter-clockwise. The centre is drawn evenly from where the whole
    line stays inside, two pixels from the rim, whatever its angle.

    Args:
        labels: ``(n,)``, index in ``CLASSES``.
        seed: of the shifts.
    """
    labels = np.asarray(labels, np.int64)
    free = SIZE_PX / 2 - RIM_PX - np.hypot([line[0] for line in _LINES], [line[1] for line in _LINES]) / 2
    shifts = np.random.default_rng(seed).uniform(-1, 1, (len(labels), 2)) * free[labels, None]
    groups = [slice(start, start + BATCH) for start in range(0, len(labels), BATCH)]
    coverage = np.concatenate(
        [_coverage(labels[group], shifts[group]) for group in groups] or [np.empty((0, SIZE_PX, SIZE_PX))]
    ).astype(np.float32)
    colours = np.array([COLOURS[line[3]] for line in _LINES], np.float32)[labels]
    pixels = np.rint(coverage[..., None] * colours[:, None, None, :]).astype(np.uint8)
    return LinePictures(pixels=pixels, labels=labels, coverage=coverage)


def balanced_labels(per_class: int) -> NDArray[np.int64]:
    """So many labels of each class, ``(96 * per_class,)``."""
    return np.repeat(np.arange(len(CLASSES)), per_class)


def _coverage(labels: NDArray[np.int64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each pixel inside a line, exact to first order: by the distance to its edges."""
    lengths, widths, angles = np.array([line[:3] for line in _LINES], np.float64)[labels].T[..., None, None]
    centre = (SIZE_PX - 1) / 2
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX] - centre
    across, down = x - shifts[:, 0, None, None], y - shifts[:, 1, None, None]
    cosine, sine = np.cos(np.deg2rad(angles)), np.sin(np.deg2rad(angles))
    along, away = across * cosine - down * sine, across * sine + down * cosine
    inside_length = np.clip(0.5 + lengths / 2 - np.abs(along), 0, 1)
    inside_width = np.clip(0.5 + widths / 2 - np.abs(away), 0, 1)
    return np.asarray(inside_length * inside_width)
