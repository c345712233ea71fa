"""Regions of a picture: drawn as polygons, written as runs of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError

Region = NDArray[np.bool_]
Polygon = Sequence[tuple[float, float]]  # (x, y), shares of width and height


def polygon_region(polygons: Sequence[Polygon], size: tuple[int, int]) -> Region:
    """The pixels ``(H, W)`` whose centres lie within any of some polygons, by the even-odd rule.

    Args:
        polygons: corners as shares of width and height; the last one joins the first.
        size: (height, width) of the picture.
    """
    columns, rows = np.meshgrid(*((np.arange(length) + 0.5) / length for length in size[::-1]))
    region = np.zeros(size, bool)
    for corners in polygons:
        inside = np.zeros(size, bool)
        for (x, y), (next_x, next_y) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if y != next_y:
                crossed = (rows < y) != (rows < next_y)
                inside ^= crossed & (columns < x + (rows - y) * (next_x - x) / (next_y - y))
        region |= inside
    return region


def region_runs(region: Region) -> tuple[int, ...]:
    """A region as whole numbers: the first pixel and the length of each run, row after row."""
    steps = np.diff(np.concatenate([[0], region.ravel().astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return tuple(int(each) for each in np.stack([starts, ends - starts], axis=1).ravel())


def region_of_runs(runs: Sequence[int], size: tuple[int, int]) -> Region:
    """The region ``(H, W)`` that ``region_runs`` wrote.

    Raises:
        InvalidRequestError: a run that reaches out of the picture, or half a run.
    """
    region = np.zeros(size[0] * size[1], bool)
    if len(runs) % 2:
        raise InvalidRequestError(f"Expected pairs of first pixel and length. Received: {len(runs)} numbers.")
    for start, length in zip(runs[::2], runs[1::2], strict=True):
        if start + length > len(region):
            raise InvalidRequestError(
                f"Expected a region of {size[0]} × {size[1]} pixels. Received a run from {start} to "
                f"{start + length - 1}. Choose the region anew for this network."
            )
        region[start : start + length] = True
    return region.reshape(size)
