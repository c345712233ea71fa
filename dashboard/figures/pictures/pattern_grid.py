"""Filter patterns and kernels as one picture that can be hovered over and clicked."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from cnn_core.results import FilterPatterns, Float
from dashboard.figures.colours import UInt8, short
from dashboard.figures.pictures.channel_grid import add_markers, picture_grid
from dashboard.figures.pictures.mosaic import GAP_PX, Tiling, fitting_columns
from dashboard.figures.pictures.pictures import rgb_pixels
from dashboard.figures.theme import Theme, rgb

GRID_PX = 900
WEBP_QUALITY = 82
ROW_GAP_PX = 12


def pattern_grid_figure(
    patterns: FilterPatterns, *, selected: int | None, theme: Theme
) -> tuple[go.Figure, Tiling]:
    """All patterns as one picture; dead channels are grey with a stroke, not noise.

    Args:
        patterns: what to draw.
        selected: place in ``patterns.channels`` to frame, or None.
        theme: colours of the page.
    """
    tiles = picture_tiling(len(patterns.channels), patterns.patterns.shape[1:3])
    pixels = mosaic_pixels(_with_dead_marked(patterns, theme), tiles)
    figure = picture_grid(mosaic_webp(pixels), tiles, selected=selected, theme=theme)
    add_markers(figure, tiles, pattern_facts(patterns), names=patterns.channels, theme=theme)
    return figure, tiles


def kernel_grid_figure(kernels: Float, *, selected: int | None, theme: Theme) -> tuple[go.Figure, Tiling]:
    """First-layer kernels ``(n, kh, kw, c)``, each stretched to the full range around grey."""
    tiles = picture_tiling(len(kernels), kernels.shape[1:3], whole=True)
    figure = picture_grid(mosaic_webp(kernels_mosaic(kernels)), tiles, selected=selected, theme=theme)
    metadata = [
        f"<b>Kernel {index}</b><br>weights {short(float(kernel.min()))} to {short(float(kernel.max()))}"
        for index, kernel in enumerate(kernels)
    ]
    add_markers(figure, tiles, metadata, names=np.arange(len(kernels)), theme=theme)
    return figure, tiles


def kernel_pixels(kernels: Float) -> UInt8:
    """Kernels ``(n, kh, kw, c)`` as pictures of the same shape: 0 is middle grey, own range each."""
    reach = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    scaled = kernels / np.where(reach > 0, reach, 1)
    return np.rint(127.5 + 127.5 * scaled).astype(np.uint8)


def patterns_mosaic(patterns: FilterPatterns) -> UInt8:
    """All patterns as one picture, RGBA, gaps see-through."""
    tiles = picture_tiling(len(patterns.channels), patterns.patterns.shape[1:3])
    return mosaic_pixels(patterns.patterns, tiles)


def kernels_mosaic(kernels: Float) -> UInt8:
    """All kernels ``(n, kh, kw, c)`` as one picture, RGBA, gaps see-through."""
    return mosaic_pixels(kernel_pixels(kernels), picture_tiling(len(kernels), kernels.shape[1:3], whole=True))


def picture_tiling(count: int, shape: tuple[int, ...], *, whole: bool = False) -> Tiling:
    """A tiling about 900 pixels wide for pictures; ``whole`` enlarges by whole numbers only."""
    columns = fitting_columns(count)
    room = GRID_PX // columns - GAP_PX
    height, width = shape[0], shape[1]
    if whole:
        factor = max(1, min(room, 96) // max(width, height))
        return Tiling(count=count, columns=columns, cell=(height * factor, width * factor))
    side = min(room, width * 2)
    return Tiling(count=count, columns=columns, cell=(round(side * height / width), side))


def mosaic_pixels(pictures: UInt8, tiles: Tiling) -> UInt8:
    """Pictures ``(n, h, w, c)`` laid out as one, RGBA, gaps see-through."""
    canvas = np.zeros((*tiles.size, 4), np.uint8)
    height, width = tiles.cell
    shrinks = pictures.shape[2] > width
    for index, picture in enumerate(pictures):
        top, left = tiles.corner(index)
        tiny = max(picture.shape[:2]) <= 11
        method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST_EXACT if tiny else cv2.INTER_CUBIC
        cell = cv2.resize(np.ascontiguousarray(rgb_pixels(picture)), (width, height), interpolation=method)
        canvas[top : top + height, left : left + width, :3] = cell
        canvas[top : top + height, left : left + width, 3] = 255
    return canvas


def row_pixels(pictures: Sequence[UInt8], columns: int | None = None) -> UInt8:
    """Pictures ``(h, w, c)`` of one size side by side, in rows of ``columns``, gaps see-through."""
    tiles = Tiling(
        count=len(pictures), columns=columns or len(pictures), cell=pictures[0].shape[:2], gap=ROW_GAP_PX
    )
    return mosaic_pixels(np.stack(pictures), tiles)


def pattern_facts(patterns: FilterPatterns) -> list[str]:
    """The hover text of each pattern: channel, strength, score, and how it compares with photos."""
    return [
        f"<b>Channel {patterns.channels[i]}</b><br>" + pattern_facts_html(patterns, i, before_z_score="<br>")
        for i in range(len(patterns.channels))
    ]


def pattern_facts_html(patterns: FilterPatterns, place: int, *, before_z_score: str = " · ") -> str:
    """Strength and score of a pattern, and how it compares with photos."""
    if not patterns.active[place]:
        return "dead: fires on no photo"
    score = f"score {short(float(patterns.scores[place]))}"
    if not patterns.has_z_scores:
        return score
    highest = patterns.exceeds_dataset_maximum[place]
    exceeds = "beats every held-out photo" if highest else "some photo is stronger"
    return f"strength {short(float(patterns.z_scores[place]))} · {score}{before_z_score}{exceeds}"


def growth_pixels(growth: UInt8, place: int, side_px: int = 150) -> list[UInt8]:
    """The frames ``(frames, n, H, W, c)`` of one pattern, each ``(side, side, 3)``."""
    return [
        np.asarray(
            cv2.resize(
                np.ascontiguousarray(rgb_pixels(frame[place])),
                (side_px, side_px),
                interpolation=cv2.INTER_CUBIC,
            ),
            np.uint8,
        )
        for frame in growth
    ]


def _with_dead_marked(patterns: FilterPatterns, theme: Theme) -> UInt8:
    pictures = np.stack([rgb_pixels(picture) for picture in patterns.patterns])
    if patterns.active.all():
        return pictures
    pictures[~patterns.active] = dead_pixels(pictures.shape[1:3], theme)
    return pictures


def dead_pixels(shape: tuple[int, ...], theme: Theme) -> UInt8:
    """The picture of a dead channel: plain grey, struck through, ``(*shape, 3)``."""
    picture = np.full((*shape[:2], 3), rgb(theme.blank), np.uint8)
    height, width = shape[:2]
    thickness = max(1, width // 40)
    cv2.line(picture, (0, height - 1), (width - 1, 0), rgb(theme.muted), thickness, cv2.LINE_AA)
    return picture


def mosaic_webp(pixels: NDArray[np.uint8]) -> bytes:
    """A mosaic as lossy WebP: a page of colourful pictures stays below 300 kB. Exports are lossless."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=WEBP_QUALITY, method=2)
    return stream.getvalue()
