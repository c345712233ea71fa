"""A map stretched over the part of a picture that it stands for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Extent = tuple[float, float, float, float]  # top, left, bottom, right, in pixels of the model input


def fit_to_image(values: Float, extent: Extent, input_size: tuple[int, int], size: tuple[int, int]) -> Float:
    """Stretch a map over the part of the picture that it covers; its edges run on outside.

    Half-pixel-centre bilinear: cell ``i`` of a map ``s`` times smaller has its centre at
    ``(i + 0.5) s - 0.5``. Corner-aligned resizing would shift every map outwards.

    Args:
        values: ``(h, w)``.
        extent: (top, left, bottom, right), edges of the covered area in model-input pixels.
        input_size: (height, width) of the model input.
        size: (height, width) of the result.

    Returns:
        ``size``, float32.
    """
    top, left, bottom, right = extent
    rows = _cell_coordinates(size[0], input_size[0], top, bottom, values.shape[0])
    columns = _cell_coordinates(size[1], input_size[1], left, right, values.shape[1])
    grid_x, grid_y = np.meshgrid(columns, rows)
    return np.asarray(_bilinear(values, grid_y, grid_x), np.float32)


def _cell_coordinates(count: int, input_count: int, start: float, stop: float, cells: int) -> Float:
    """Where the centres of ``count`` picture pixels lie, counted in cells from the first one's centre."""
    centres = (np.arange(count) + 0.5) * (input_count / count)
    positions = (centres - start) / max(stop - start, 1e-9) * cells - 0.5
    return np.asarray(np.clip(positions, 0, cells - 1), np.float32)


def _bilinear(values: Float, rows: Float, columns: Float) -> Float:
    if min(values.shape) == 1:  # OpenCV's remap needs two rows and columns
        values = np.pad(values, ((0, int(values.shape[0] == 1)), (0, int(values.shape[1] == 1))), "edge")
    remapped = cv2.remap(
        np.ascontiguousarray(values), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(remapped, np.float32)
