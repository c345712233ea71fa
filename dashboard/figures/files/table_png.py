"""Rows of words and figures as a picture, for what a page shows as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from dashboard.figures.colours import UInt8
from dashboard.figures.files.page_png import INK, MUTED, PAPER, drawable, letters, on_paper
from dashboard.figures.theme import LIGHT, rgb

ROW_PX, LETTERS_PX, BETWEEN_PX = 26, 15, 22
LONGEST_PX = 380  # of one cell; longer texts end in dots


def table_pixels(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> UInt8:
    """A table with a rule below each row, ``(H, W, 3)``, uint8; columns as wide as their texts.

    Args:
        heads: of the columns.
        rows: as many cells each.
    """
    font = letters(LETTERS_PX)
    texts = [[_fitted(drawable(cell)) for cell in row] for row in (heads, *rows)]
    widths = [max(round(font.getlength(cell)) for cell in column) for column in zip(*texts, strict=True)]
    lefts = np.cumsum([0, *(width + BETWEEN_PX for width in widths)]).tolist()
    page = Image.new("RGB", (max(1, lefts[-1] - BETWEEN_PX), ROW_PX * len(texts)), PAPER)
    draw = ImageDraw.Draw(page)
    for number, row in enumerate(texts):
        top = number * ROW_PX
        for left, cell in zip(lefts, row, strict=False):
            draw.text((left, top + ROW_PX // 2), cell, INK if number else MUTED, font, anchor="lm")
        draw.line((0, top + ROW_PX - 1, page.width, top + ROW_PX - 1), rgb(LIGHT.line), 1)
    return np.asarray(page)


def stacked_pixels(pictures: Sequence[UInt8], gap_px: int = 18) -> UInt8:
    """Pictures ``(H, W, 3)`` or ``(H, W, 4)`` below each other on white, left edges in line."""
    width = max(picture.shape[1] for picture in pictures)
    height = sum(picture.shape[0] for picture in pictures) + gap_px * (len(pictures) - 1)
    page = np.empty((height, width, 3), np.uint8)
    page[:] = PAPER
    top = 0
    for picture in pictures:
        page[top : top + picture.shape[0], : picture.shape[1]] = np.asarray(on_paper(picture))
        top += picture.shape[0] + gap_px
    return page


def _fitted(text: str) -> str:
    """The text, or as much of it as a cell holds."""
    font = letters(LETTERS_PX)
    if font.getlength(text) <= LONGEST_PX:
        return text
    short = text
    while short and font.getlength(short + "...") > LONGEST_PX:
        short = short[:-1]
    return short + "..."
