"""The epochs of a film side by side: one column per epoch, one row per thing that is watched."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import plotly.graph_objects as go

from dashboard.figures.colours import Float, Scale, UInt8, fitting_scale
from dashboard.figures.pictures.channel_grid import FRAME_WIDTH_PX, add_markers, picture_grid
from dashboard.figures.pictures.mosaic import (
    Tiling,
    map_indices,
    mosaic_indices,
    palette,
    palette_png,
    shrunk,
    tiling,
)
from dashboard.figures.pictures.pattern_grid import mosaic_pixels, mosaic_webp
from dashboard.figures.pictures.pictures import rgb_pixels
from dashboard.figures.theme import Theme, rgb

STRIP_PX = 1240
SMALLEST_CELL_PX, LARGEST_CELL_PX = 24, 150
STRIP_GAP_PX = 5
OUTLINE, OUTLINE_SHARE = 150, 224  # two pixels of the large picture, one of the strip's
LABEL_PX = 26  # room for the number of the epoch under its column


def square(pixels: UInt8, side_px: int) -> UInt8:
    """A picture ``(H, W, c)`` as a square ``(side, side, 3)``; grown smoothly, shrunk by averaging."""
    shrinks = max(pixels.shape[:2]) > side_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    plain = np.ascontiguousarray(rgb_pixels(pixels))
    return np.asarray(cv2.resize(plain, (side_px, side_px), interpolation=method), np.uint8)


def outlined(pixels: UInt8) -> UInt8:
    """A picture ``(H, W, 3)`` with a thin grey line inside its edge: seen on a page of its own colour."""
    width = max(1, max(pixels.shape[:2]) // OUTLINE_SHARE)
    lined = np.full_like(pixels, OUTLINE)
    lined[width:-width, width:-width] = pixels[width:-width, width:-width]
    return lined


def strip_cell_px(epochs: int) -> int:
    """Side of the pictures of a strip of so many epochs."""
    fitting = STRIP_PX // max(epochs, 1) - 6
    return min(max(fitting, SMALLEST_CELL_PX), LARGEST_CELL_PX)


def film_strip_webp(rows: Sequence[Sequence[UInt8]]) -> bytes:
    """The squares of a strip as one file, for ``film_strip_figure``."""
    return mosaic_webp(film_strip_pixels(rows))


def film_strip_figure(
    content: bytes, tiles: Tiling, *, labels: Sequence[str], facts: Sequence[str], selected: int, theme: Theme
) -> tuple[go.Figure, float]:
    """All epochs; hovering tells an epoch's facts, clicking gives its place as ``customdata``.

    Args:
        content: from ``film_strip_webp``.
        tiles: from ``strip_tiling``.
        labels: under each column.
        facts: hover text per epoch.
        selected: place of the epoch to frame.
        theme: colours of the page.

    Returns:
        The figure, and its width over height.
    """
    figure = picture_grid(content, tiles, selected=None, theme=theme)
    places = np.arange(tiles.count) % len(labels)
    add_markers(figure, tiles, [facts[int(place)] for place in places], names=places, theme=theme)
    (height, width), margin = tiles.size, tiles.gap + FRAME_WIDTH_PX / 2
    figure.update_yaxes(range=[height + margin + LABEL_PX, -margin])
    x, _ = tiles.centres()
    for place, label in enumerate(labels):
        figure.add_annotation(
            x=x[place],
            y=height + LABEL_PX / 2 + 4,
            text=f"<b>{label}</b>" if place == selected else label,
            showarrow=False,
            font={"size": 12, "color": theme.text if place == selected else theme.muted},
        )
    left = tiles.corner(selected)[1]
    figure.add_shape(
        type="rect",
        x0=left - 2,
        x1=left + tiles.cell[1] + 1,
        y0=-2,
        y1=height + 1,
        line={"color": theme.frame, "width": FRAME_WIDTH_PX},
    )
    return figure, (width + 2 * margin) / (height + 2 * margin + LABEL_PX)


def film_strip_pixels(rows: Sequence[Sequence[UInt8]]) -> UInt8:
    """The squares of a strip, all of one size, as one picture, RGBA, gaps see-through.

    Args:
        rows: ``(side, side, 3)`` each; as many in every row as there are epochs.
    """
    tiles = strip_tiling(len(rows), len(rows[0]), rows[0][0].shape[0])
    return mosaic_pixels(np.stack([picture for row in rows for picture in row]), tiles)


def strip_tiling(rows: int, epochs: int, side_px: int | None = None) -> Tiling:
    """Where the squares of a strip lie; as large as fits unless their side is given."""
    side = strip_cell_px(epochs) if side_px is None else side_px
    return Tiling(count=rows * epochs, columns=epochs, cell=(side, side), gap=STRIP_GAP_PX)


def small_layer(maps: Float) -> Float:
    """All maps of a layer ``(h, w, k)`` averaged down to the cells of the layer's grid."""
    return shrunk(maps, grid_tiling(maps.shape[:2], maps.shape[2]))


def grid_entries(maps: Float, shape: tuple[int, int], scale: Scale) -> UInt8:
    """All maps of a layer as one mosaic of palette entries ``(H, W)``, on one scale.

    Args:
        maps: from ``small_layer``.
        shape: (h, w) of the maps before they were shrunk.
        scale: of all epochs together.
    """
    entries = map_indices(maps, scale, signed=scale.signed)
    return mosaic_indices(entries, grid_tiling(shape, maps.shape[2]))


def grid_scale(low: float, high: float) -> Scale:
    """One scale for all epochs of a layer, from its smallest and largest value."""
    return fitting_scale(np.array([low, high], np.float32))


def film_grid_figure(
    entries: UInt8, tiles: Tiling, *, scale: Scale, selected: int, facts: list[str], theme: Theme
) -> go.Figure:
    """All maps of a layer at one epoch; hovering tells ``facts`` per channel, clicking gives its number.

    Args:
        entries: from ``grid_entries``.
        tiles: from ``grid_tiling``.
        scale: of all epochs together.
        selected: channel to frame.
        facts: hover text per channel.
        theme: colours of the page.
    """
    content = palette_png(entries, palette(scale.table, rgb(theme.blank)))
    figure = picture_grid(content, tiles, selected=selected, theme=theme)
    add_markers(figure, tiles, facts, names=np.arange(tiles.count), theme=theme)
    return figure


def grid_tiling(shape: tuple[int, ...], count: int) -> Tiling:
    """Where ``count`` maps of ``shape`` (h, w) lie in the grid of a layer."""
    return tiling(count, (shape[0], shape[1]))
