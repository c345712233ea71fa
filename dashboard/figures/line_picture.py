"""Charts of lines and marks drawn with Pillow, for pictures to take away: no browser is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dashboard.figures.colours import UInt8
from dashboard.figures.files.page_png import INK, MUTED, PAPER, drawable, letters
from dashboard.figures.line_clipping import Point, dashes, inner_pieces, places
from dashboard.figures.theme import LIGHT, rgb

Values = NDArray[np.floating[Any]]
Draw = ImageDraw.ImageDraw

PLOT_PX = (300, 540)  # height and width of the plot itself
TOP_PX, FOOT_PX, GAP_PX, TICK_PX = 30, 50, 34, 8
TITLE_PX, LETTERS_PX = 18, 14
SHARP = 3  # drawn so many times larger, then reduced: smooth edges
DASH_PX, PAUSE_PX = 7.0, 5.0
MOST_TICKS = 6
STAR_POINTS, STAR_WAIST = 5, 0.45
GRID = rgb(LIGHT.line)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One curve.

    Attributes:
        x, y: ``(n,)``; NaN makes a gap.
        colour: ``#rrggbb``.
        width_px: of the line.
        dashed: instead of solid.
    """

    x: Values
    y: Values
    colour: str
    width_px: float = 2.4
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """Symbols at some points.

    Attributes:
        x, y: ``(n,)``.
        colour: ``#rrggbb``.
        symbol: ``circle``, ``diamond``, ``square``, ``triangle-up``, ``x`` or ``star``, as Plotly names them.
        radius_px: of a symbol.
        rimmed: with a white rim, so that it stands out from the lines.
    """

    x: Values
    y: Values
    colour: str
    symbol: str = "circle"
    radius_px: float = 7.0
    rimmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart.

    Attributes:
        title: above it.
        x_title: below it.
        x_range, y_range: the values at its edges.
        parts: lines and marks, the first one lowest.
        percent: whether the values upwards are shares, written in percent.
        width_px: between the axes.
    """

    title: str
    x_title: str
    x_range: Point
    y_range: Point
    parts: Sequence[Line | Marks]
    percent: bool = False
    width_px: int = PLOT_PX[1]


def panels_pixels(panels: Sequence[Panel]) -> UInt8:
    """Charts side by side on white, ``(H, W, 3)``, uint8."""
    pictures = [_panel(panel) for panel in panels]
    width = sum(picture.width for picture in pictures) + GAP_PX * (len(pictures) - 1)
    page = Image.new("RGB", (width, max(picture.height for picture in pictures)), PAPER)
    left = 0
    for picture in pictures:
        page.paste(picture, (left, 0))
        left += picture.width + GAP_PX
    return np.asarray(page)


def round_ticks(low: float, high: float) -> list[float]:
    """At most six round values from ``low`` to ``high``, in steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * place, 10) for place in range(first, last + 1)]


def draw_symbol(draw: Draw, symbol: str, centre: Point, radius: float, colour: tuple[int, int, int]) -> None:
    """One symbol with its middle at ``centre``."""
    x, y = centre
    if symbol == "circle":
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    elif symbol == "x":
        arm, width = 0.8 * radius, max(1, round(0.62 * radius))
        draw.line((x - arm, y - arm, x + arm, y + arm), colour, width)
        draw.line((x - arm, y + arm, x + arm, y - arm), colour, width)
    elif symbol == "star":
        draw.polygon(_star(x, y, 1.2 * radius), fill=colour)
    else:
        sides, rotation = {"square": (4, 0), "diamond": (4, 45), "triangle-up": (3, 0)}[symbol]
        draw.regular_polygon((x, y, 1.15 * radius), sides, rotation=rotation, fill=colour)


def draw_dashes(draw: Draw, points: Sequence[Point], colour: tuple[int, int, int], width: int) -> None:
    """A dashed line through some points."""
    for start, end in dashes(points, width * DASH_PX / 2.4, width * PAUSE_PX / 2.4):
        draw.line((*start, *end), colour, width)


def _panel(panel: Panel) -> Image.Image:
    height, width = PLOT_PX[0], panel.width_px
    font = letters(LETTERS_PX)
    ticks = round_ticks(*panel.y_range)
    labels = [_label(value, ticks, percent=panel.percent) for value in ticks]
    left = TICK_PX + round(max(font.getlength(label) for label in labels))
    page = Image.new("RGB", (left + width + 12, TOP_PX + height + FOOT_PX), PAPER)
    page.paste(_plot(panel, ticks), (left, TOP_PX))
    draw = ImageDraw.Draw(page)
    draw.text((left, 0), drawable(panel.title), INK, letters(TITLE_PX))
    for value, label in zip(ticks, labels, strict=True):
        y = TOP_PX + _upwards(value, panel.y_range, height)
        draw.text((left - TICK_PX, y), label, MUTED, font, anchor="rm")
    across = round_ticks(*panel.x_range)
    for value in across:
        x = left + width * _share(value, panel.x_range)
        draw.line((x, TOP_PX + height, x, TOP_PX + height + 4), GRID, 1)
        draw.text((x, TOP_PX + height + 7), _label(value, across), MUTED, font, anchor="ma")
    middle = (left + width / 2, TOP_PX + height + 28)
    draw.text(middle, drawable(panel.x_title), MUTED, font, anchor="ma")
    return page


def _plot(panel: Panel, ticks: Sequence[float]) -> Image.Image:
    """The lines and marks between the axes; what lies outside is cut off."""
    height, width = PLOT_PX[0] * SHARP, panel.width_px * SHARP
    plot = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(plot)
    for value in ticks:
        y = _upwards(value, panel.y_range, height)
        draw.line((0, y, width, y), GRID, SHARP)
    draw.line((0, height - 1, width, height - 1), GRID, SHARP)
    for part in panel.parts:
        across = places(part.x, *panel.x_range, width)
        down = places(part.y, *panel.y_range[::-1], height)
        points = list(zip(across.tolist(), down.tolist(), strict=True))
        if isinstance(part, Line):
            _draw_line(draw, points, part, (width, height))
        else:
            _draw_marks(draw, points, part, (width, height))
    return plot.reduce(SHARP)


def _draw_line(draw: Draw, points: Sequence[Point], line: Line, corner: Point) -> None:
    colour, width = rgb(line.colour), max(1, round(SHARP * line.width_px))
    for piece in inner_pieces(points, corner, margin=width):
        if line.dashed:
            draw_dashes(draw, piece, colour, width)
        else:
            draw.line(piece, colour, width, joint="curve")


def _draw_marks(draw: Draw, points: Sequence[Point], marks: Marks, corner: Point) -> None:
    radius = SHARP * marks.radius_px
    reach = 2 * radius  # more than any symbol and its rim
    for x, y in points:
        if not (-reach <= x <= corner[0] + reach and -reach <= y <= corner[1] + reach):
            continue  # outside, or not finite
        if marks.rimmed:
            draw_symbol(draw, marks.symbol, (x, y), radius + SHARP * 2, PAPER)
        draw_symbol(draw, marks.symbol, (x, y), radius, rgb(marks.colour))


def _star(x: float, y: float, radius: float) -> list[Point]:
    corners = []
    for number in range(2 * STAR_POINTS):
        angle = math.pi * number / STAR_POINTS
        reach = radius if number % 2 == 0 else STAR_WAIST * radius
        corners.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
    return corners


def _label(value: float, ticks: Sequence[float], *, percent: bool = False) -> str:
    """A value with as many digits as the steps between the ticks need."""
    factor = 100 if percent else 1
    step = factor * (ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{factor * value:.{digits}f}" + (" %" if percent else "")


def _length(ends: Point) -> float:
    return ends[1] - ends[0] or 1.0


def _share(value: float, ends: Point) -> float:
    return (value - ends[0]) / _length(ends)


def _upwards(value: float, ends: Point, height: int) -> float:
    return height * (1 - _share(value, ends))
