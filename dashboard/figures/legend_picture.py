"""What lines, colours and symbols of an exported chart mean, drawn below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from dashboard.figures.colours import UInt8
from dashboard.figures.files.page_png import INK, PAPER, drawable, letters
from dashboard.figures.line_picture import SHARP, draw_dashes, draw_symbol
from dashboard.figures.theme import rgb

SAMPLE_PX, BETWEEN_PX, LETTERS_PX, ROW_PX = 40, 26, 15, 26
LINE_PX, RADIUS_PX = 2.4, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """One line of meaning.

    Attributes:
        name: what it stands for.
        colour: ``#rrggbb``.
        symbol: as of ``Marks``; none by default.
        line: whether there is a line, and whether it is ``solid`` or ``dashed``.
    """

    name: str
    colour: str
    symbol: str = ""
    line: str = "solid"


def legend_pixels(entries: Sequence[LegendEntry], width: int) -> UInt8:
    """The entries side by side in as many rows as ``width`` pixels ask for, ``(H, width, 3)``."""
    font = letters(LETTERS_PX)
    places, left, top = [], 0.0, 0
    for entry in entries:
        needed = SAMPLE_PX + 8 + font.getlength(drawable(entry.name))
        if left and left + needed > width:
            left, top = 0.0, top + ROW_PX
        places.append((left, top))
        left += needed + BETWEEN_PX
    page = Image.new("RGB", (width, top + ROW_PX), PAPER)
    draw = ImageDraw.Draw(page)
    for entry, (x, y) in zip(entries, places, strict=True):
        page.paste(_sample(entry), (round(x), y))
        draw.text((x + SAMPLE_PX + 8, y + ROW_PX / 2), drawable(entry.name), INK, font, anchor="lm")
    return np.asarray(page)


def _sample(entry: LegendEntry) -> Image.Image:
    """A short piece of the line with its symbol."""
    sample = Image.new("RGB", (SAMPLE_PX * SHARP, ROW_PX * SHARP), PAPER)
    draw, middle, colour = ImageDraw.Draw(sample), ROW_PX * SHARP / 2, rgb(entry.colour)
    ends = [(0.0, middle), (float(SAMPLE_PX * SHARP), middle)]
    if entry.line == "dashed":
        draw_dashes(draw, ends, colour, round(LINE_PX * SHARP))
    elif entry.line == "solid":
        draw.line(ends, colour, round(LINE_PX * SHARP))
    if entry.symbol:
        draw_symbol(draw, entry.symbol, (SAMPLE_PX * SHARP / 2, middle), RADIUS_PX * SHARP, colour)
    return sample.reduce(SHARP)
