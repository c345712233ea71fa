"""The chart of zeros by depth as a picture to take away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from dashboard.figures.colours import Float, UInt8, percent
from dashboard.figures.files.page_png import INK, MUTED, PAPER, drawable, letters
from dashboard.figures.theme import LIGHT, rgb

ROW_PX, BAR_PX, LETTERS_PX = 26, 16, 15
WHOLE_PX, NUMBER_PX, GAP_PX = 480, 60, 12  # length of a bar of 100 %, room for its number


def sparsity_pixels(titles: Sequence[str], sparsity: Float, blank_fraction: Float) -> UInt8:
    """Share of zeros (bars) and of blank maps (diamonds) per layer, first layer on top.

    Args:
        titles: name of each layer.
        sparsity: ``(layers,)``, 0..1, share of values that are exactly zero.
        blank_fraction: ``(layers,)``, 0..1, share of maps that are zero everywhere.

    Returns:
        ``(H, W, 3)``, uint8.
    """
    font = letters(LETTERS_PX)
    left = GAP_PX + round(max((font.getlength(title) for title in titles), default=0))
    picture = Image.new("RGB", (left + WHOLE_PX + NUMBER_PX, max(1, ROW_PX * len(titles))), PAPER)
    draw = ImageDraw.Draw(picture)
    for row, (title, zeros, blank) in enumerate(zip(titles, sparsity, blank_fraction, strict=True)):
        middle = row * ROW_PX + ROW_PX // 2
        end, point = left + round(WHOLE_PX * float(zeros)), left + round(WHOLE_PX * float(blank))
        draw.text((left - GAP_PX, middle), drawable(title), INK, font, anchor="rm")
        draw.rectangle((left, middle - BAR_PX // 2, end, middle + BAR_PX // 2), fill=rgb(LIGHT.accent))
        draw.text(
            (max(end, point) + GAP_PX, middle), drawable(percent(float(zeros))), MUTED, font, anchor="lm"
        )
        draw.regular_polygon((point, middle, 6), 4, rotation=45, fill=rgb(LIGHT.frame), outline=INK)
    return np.asarray(picture)
