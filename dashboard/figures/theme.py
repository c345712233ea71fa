"""The colours that a figure needs from the page around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours of one theme, as ``#rrggbb``.

    Attributes:
        ground: background of the page.
        text: letters and axis labels.
        muted: captions and ticks.
        line: thin rules and grid lines.
        accent: the one accent colour, for bars and lines.
        frame: frame around a chosen map; stands out from every colour scale in use.
        blank: ground of a map that is zero everywhere.
    """

    ground: str
    text: str
    muted: str
    line: str
    accent: str
    frame: str
    blank: str


LIGHT = Theme(
    ground="#fcfcfa",
    text="#1c2327",
    muted="#647076",
    line="#d9dcd6",
    accent="#0f6b7d",
    frame="#e8590c",
    blank="#dcdfdc",
)
DARK = Theme(
    ground="#14181b",
    text="#e6e9e8",
    muted="#98a4a8",
    line="#343c41",
    accent="#4fb7c5",
    frame="#ff8a3d",
    blank="#3a4246",
)


def theme_of(kind: str | None) -> Theme:
    """The theme called ``light`` or ``dark``; light when the browser has not told yet."""
    return DARK if kind == "dark" else LIGHT


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue, 0..255, of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
