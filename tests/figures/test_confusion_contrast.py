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


def drawn(shares: list[float], theme: Theme) -> list[tuple[np.ndarray, np.ndarray]]:
    """Colours of a cell for each share, and of its letters, as Plotly mixes and draws them."""
    many = 1000
    counts = np.zeros((max(2, len(shares)),) * 2, np.int64)
    for row, share in enumerate(shares):
        counts[row, :2] = round(many * share), many - round(many * share)
    figure = confusion_figure(counts, ["class"] * len(counts), chosen=None, theme=theme)
    places, colours = zip(*figure.data[0].colorscale, strict=True)
    parts = np.array([[int(part) for part in re.findall(r"\d+", colour)] for colour in colours], float)
    letters = figure.data[1].textfont.color[:: len(counts)]
    return [
        (
            np.array([np.interp(share, places, channel) for channel in parts.T]),
            np.array(rgb(letter), float),
        )
        for share, letter in zip(shares, letters, strict=False)
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_letters_of_every_share_stand_out_from_their_cell(theme: Theme) -> None:
    shares = np.linspace(0, 1, 101).round(2).tolist()
    found = [
        contrast(*cell) for start in range(0, 101, 20) for cell in drawn(shares[start : start + 20], theme)
    ]
    assert len(found) == 101
    assert min(found) >= ENOUGH, found
