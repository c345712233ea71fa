"""Every number of the confusion matrix can be read, by the contrast of its letters on its cell (WCAG 2)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dashboard.figures.charts.confusion import confusion_figure
from dashboard.figures.theme import DARK, LIGHT, Theme, rgb

ENOUGH = 4.5


def luminance(colour: np.ndarray) -> float:
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def drawn(share: float, theme: Theme) -> list[tuple[np.ndarray, np.ndarray]]:
    """Colours of a cell of right and one of wrong answers, and of their letters, as Plotly draws them."""
    count = round(share * 1000)
    cells, numbers, *_ = confusion_figure(
        [[count, 1000 - count], [500, 500]], ["a", "b"], chosen=None, theme=theme
    ).data
    places, colours = zip(*cells.colorscale, strict=True)
    parts = np.array([[int(part) for part in re.findall(r"\d+", colour)] for colour in colours], float)
    return [
        (
            np.array([np.interp((z + 1) / 2, places, channel) for channel in parts.T]),
            np.array(rgb(letter), float),
        )
        for z, letter in zip(np.ravel(cells.z)[:2], numbers.textfont.color, strict=False)
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_letters_of_every_share_stand_out_from_their_cell(theme: Theme) -> None:
    found = [contrast(*cell) for share in np.linspace(0, 1, 101) for cell in drawn(share, theme)]
    assert len(found) == 202
    assert min(found) >= ENOUGH, found
