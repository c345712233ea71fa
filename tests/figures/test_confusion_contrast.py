"""Every number of the confusion matrix can be read, by the contrast of its letters on its cell (WCAG 2)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dashboard.figures.charts.confusion import confusion_figure
from dashboard.figures.theme import DARK, LIGHT, Theme, rgb

ENOUGH = 4.5
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: np.ndarray) -> float:
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def drawn(share: float, theme: Theme) -> tuple[np.ndarray, np.ndarray]:
    """Colours of the first cell and of its letters, as Plotly mixes and draws them."""
    many = 1000
    counts = ((round(many * share), many - round(many * share)), (1, 1))
    figure = confusion_figure(counts, ("cats", "dogs"), chosen=None, theme=theme)
    places, colours = zip(*figure.data[0].colorscale, strict=True)
    parts = np.array([[int(part) for part in re.findall(r"\d+", colour)] for colour in colours], float)
    cell = np.array([np.interp(share, places, channel) for channel in parts.T])
    return cell, np.array(rgb(figure.data[1].textfont.color[0]), float)


@THEMES
def test_the_letters_of_every_share_stand_out_from_their_cell(theme: Theme) -> None:
    found = {share: contrast(*drawn(share, theme)) for share in np.linspace(0, 1, 101).round(2).tolist()}
    assert min(found.values()) >= ENOUGH, found


@THEMES
def test_the_letters_are_those_of_the_page_where_these_can_be_read(theme: Theme) -> None:
    faint, full = (drawn(share, theme)[1] for share in (0.0, 1.0))
    assert tuple(faint) == rgb(theme.text)
    assert tuple(full) == rgb(theme.ground)


def test_three_quarters_in_the_light_theme_cannot_be_read_in_the_dark_letters_of_the_page() -> None:
    """The cell that was hard to read: there either letters of the page fall short, or the bright ones win."""
    cell, letters = drawn(0.75, LIGHT)
    assert contrast(cell, np.array(rgb(LIGHT.text), float)) < ENOUGH
    assert contrast(cell, letters) >= ENOUGH
