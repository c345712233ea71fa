"""Many maps as one picture: a mosaic of cells in an 8-bit palette PNG.

One picture of 64 maps is a tenth of the bytes of 64 heat maps and is drawn at once. The first two
palette entries are set aside: transparent for the gaps, so that one picture fits both themes, and
grey for maps that are zero everywhere.
"""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import cv2
import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from dashboard.figures.colours import Float, Scale, UInt8, fitting_scale

GAP, BLANK, FIRST_COLOUR = 0, 1, 2
COLOUR_COUNT = 256 - FIRST_COLOUR
# About 500 kB of noisy maps as base64 would follow from one megapixel; this keeps a view below 400.
MOSAIC_WIDTH_PX = 800
MOSAIC_PIXELS = 250_000
LONGEST_CELL = 4  # times as long as wide; maps longer than that are drawn squeezed
PLAIN_CELL = 2  # up to which cells are tiled like squares
GAP_PX = 3
PNG_LEVEL = 1  # four times as quick as the usual 6, for a file 4 % larger


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """Where the cells of a mosaic lie, in pixels.

    Attributes:
        count: number of cells.
        columns: cells per row.
        cell: (height, width) of a cell.
        gap: pixels between two cells.
    """

    count: int
    columns: int
    cell: tuple[int, int]
    gap: int = GAP_PX

    @property
    def rows(self) -> int:
        """Number of rows, the last one perhaps not full."""
        return math.ceil(self.count / self.columns)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the whole mosaic."""
        (height, width), gap = self.cell, self.gap
        return self.rows * (height + gap) - gap, self.columns * (width + gap) - gap

    def corner(self, index: int) -> tuple[int, int]:
        """(top, left) pixel of a cell."""
        row, column = divmod(index, self.columns)
        return row * (self.cell[0] + self.gap), column * (self.cell[1] + self.gap)

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(x, y) of the cells' centres, in pixel coordinates where 0 is the middle of the first pixel."""
        corners = np.array([self.corner(index) for index in range(self.count)], np.float64)
        return corners[:, 1] + (self.cell[1] - 1) / 2, corners[:, 0] + (self.cell[0] - 1) / 2


def tiling(count: int, shape: tuple[int, int], columns: int | None = None) -> Tiling:
    """A tiling about 800 pixels wide for ``count`` maps of ``shape`` (h, w).

    Small maps are enlarged by a whole number, so that their cells stay equal squares; maps larger
    than a cell shrink. Very long maps are squeezed, so that the mosaic stays bounded both ways.
    """
    height, width = max(shape[0], shape[1] / LONGEST_CELL), max(shape[1], shape[0] / LONGEST_CELL)
    columns = columns if columns is not None else fitting_columns(count, height / width)
    rows = math.ceil(count / columns)
    wide_px = MOSAIC_WIDTH_PX / columns - GAP_PX
    side_px = math.sqrt(MOSAIC_PIXELS / (columns * rows)) - GAP_PX  # of a square cell
    factor = max(min(wide_px / width, side_px / math.sqrt(width * height)), 1 / max(width, height))
    if factor >= 1:
        factor = max(1, min(wide_px, 96) // max(width, height))
    return Tiling(
        count=count, columns=columns, cell=(max(1, round(height * factor)), max(1, round(width * factor)))
    )


def fitting_columns(count: int, height_over_width: float = 1.0) -> int:
    """Columns that make a mosaic somewhat wider than high, without a ragged last row if possible."""
    if count <= 4:
        return max(count, 1)
    plain = 1 / PLAIN_CELL <= height_over_width <= PLAIN_CELL
    wanted = count if plain else count * height_over_width
    low, high = math.sqrt(wanted), math.sqrt(wanted * 2.2)
    full = [c for c in range(math.ceil(low), min(int(high), count) + 1) if count % c == 0]
    return full[-1] if full else min(count, math.ceil(math.sqrt(wanted * 1.6)))


def map_indices(maps: Float, scale: Scale | None, *, signed: bool) -> UInt8:
    """Palette entries of maps ``(h, w, k)``: each map on its own scale, or all on ``scale``.

    Maps that are zero everywhere become ``BLANK``.

    Args:
        maps: perhaps shrunk, which may have averaged a few negative values away.
        scale: for all maps, or None.
        signed: without ``scale``: whether each map is centred on 0, or starts there.
    """
    if scale is not None:
        positions = scale.positions(maps)
    else:
        flat = maps.reshape(-1, maps.shape[2])
        low, high = flat.min(axis=0), flat.max(axis=0)
        reach = np.maximum(np.abs(low), np.abs(high))
        low, high = (-reach, reach) if signed else (np.zeros_like(high), high)
        width = high - low
        positions = (maps - low) / np.where(width > 0, width, 1)
    indices = (FIRST_COLOUR + np.rint(positions * (COLOUR_COUNT - 1))).astype(np.uint8)  # (h, w, k)
    indices[..., ~maps.any(axis=(0, 1))] = BLANK
    return indices


def mosaic_indices(indices: UInt8, tiles: Tiling) -> UInt8:
    """Lay palette entries ``(h, w, k)`` out as one picture ``tiles.size``.

    Enlarged without smoothing, so that one value stays one square; shrunk by picking the pixel
    nearest to each centre, since palette entries cannot be averaged.
    """
    canvas = np.full(tiles.size, GAP, np.uint8)
    height, width = tiles.cell
    for index in range(tiles.count):
        top, left = tiles.corner(index)
        cell = cv2.resize(indices[..., index], (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        canvas[top : top + height, left : left + width] = cell
    return canvas


def shrunk(maps: Float, tiles: Tiling) -> Float:
    """Maps ``(h, w, k)`` averaged down to the cell size where they are larger than a cell."""
    height, width = tiles.cell
    size = min(maps.shape[0], height), min(maps.shape[1], width)
    if size == maps.shape[:2]:
        return maps
    layers = [
        cv2.resize(maps[..., k], size[::-1], interpolation=cv2.INTER_AREA) for k in range(maps.shape[2])
    ]
    return np.stack(layers, axis=-1).astype(np.float32)  # (*size, k)


def palette(table: UInt8, blank: tuple[int, int, int]) -> UInt8:
    """The 256 colours of a mosaic: gap, blank, then ``table`` ``(256, 3)`` resampled."""
    picks = np.rint(np.linspace(0, 255, COLOUR_COUNT)).astype(np.intp)
    return np.vstack([np.zeros((1, 3), np.uint8), np.array([blank], np.uint8), table[picks]])


def palette_png(indices: UInt8, colours: UInt8) -> bytes:
    """An 8-bit palette PNG of ``indices`` ``(H, W)`` with ``colours`` ``(256, 3)``; gaps see-through."""
    height, width = indices.shape
    picture = Image.frombytes("P", (width, height), np.ascontiguousarray(indices).tobytes())
    picture.putpalette(colours.tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", transparency=GAP, compress_level=PNG_LEVEL)
    return stream.getvalue()


def bare_picture(figure: go.Figure, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
    """Show a figure as a picture: no axes, no margin, square pixels, the ground of what is behind it."""
    plain = {"visible": False, "constrain": "domain", "fixedrange": True}
    figure.update_xaxes(range=x_range, **plain)
    figure.update_yaxes(range=y_range, scaleanchor="x", **plain)
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )


def data_uri(content: bytes, kind: str = "png") -> str:
    """``data:`` address of a picture file."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def channel_mosaic(
    maps: Float, tiles: Tiling, *, common: bool, blank: tuple[int, int, int]
) -> tuple[UInt8, UInt8]:
    """All maps of a layer as ``(indices (H, W), colours (256, 3))`` for ``palette_png``.

    Args:
        maps: ``(h, w, k)``, raw.
        tiles: where they go.
        common: all maps on one scale, instead of each on its own.
        blank: RGB of a map that is zero everywhere.
    """
    small = shrunk(maps, tiles)
    whole = fitting_scale(maps)
    signed = float(maps.min(initial=0)) < 0
    indices = map_indices(small, whole if common else None, signed=signed)
    return mosaic_indices(indices, tiles), palette(whole.table, blank)
