"""Colour scales: from raw values to colours, with the range that belongs to them.

Magnitudes get a sequential scale that grows in lightness (viridis); signed values get
blue, white and red, centred on 0. No rainbow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float32]


def _opencv_table(number: int) -> UInt8:
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    blue_green_red = np.asarray(cv2.applyColorMap(ramp, number), np.uint8)  # (256, 1, 3)
    return np.ascontiguousarray(blue_green_red[:, 0, ::-1])  # (256, 3)


def _table_through(*stops: tuple[int, int, int]) -> UInt8:
    positions = np.linspace(0, 255, len(stops))
    channels = [np.interp(np.arange(256), positions, [stop[i] for stop in stops]) for i in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)  # (256, 3)


VIRIDIS = _opencv_table(cv2.COLORMAP_VIRIDIS)
# Lightness falls equally to both sides of the middle, so that neither sign looks stronger.
BLUE_WHITE_RED = _table_through((5, 48, 97), (67, 147, 195), (247, 247, 247), (214, 96, 77), (103, 0, 31))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """A colour table over a range of values.

    Attributes:
        low, high: values of the first and the last colour; ``low < high`` unless all is constant.
        table: ``(256, 3)``, uint8, RGB.
    """

    low: float
    high: float
    table: UInt8

    def positions(self, values: Float) -> Float:
        """Place of each value on the scale, 0..1; 0 on a scale without width, never NaN."""
        width = self.high - self.low
        if width <= 0:
            return np.zeros(values.shape, np.float32)
        return np.asarray(np.clip((values - self.low) / np.float32(width), 0, 1), np.float32)

    def colours(self, values: Float) -> UInt8:
        """RGB per value, ``values.shape + (3,)``, uint8."""
        return self.table[np.rint(self.positions(values) * 255).astype(np.intp)]

    @property
    def signed(self) -> bool:
        """Whether 0 lies in the middle of the scale."""
        return self.low < 0 < self.high and self.low == -self.high

    def mirrored(self) -> Scale:
        """The same range with the colours of its two ends exchanged."""
        return replace(self, table=self.table[::-1])

    def faded(self, strength: float) -> Scale:
        """A range so much wider that the values reach only ``strength`` of the colours, 0 to 1."""
        return replace(self, low=self.low / strength, high=self.high / strength)

    def plotly(self) -> list[list[float | str]]:
        """The table as Plotly takes it, at every fifth entry."""
        return [[i / 255, "rgb({},{},{})".format(*self.table[i])] for i in range(0, 256, 5)]


def magnitude_scale(values: Float, table: UInt8 = VIRIDIS) -> Scale:
    """From 0, or from the smallest value if that is negative, to the largest."""
    low = min(0.0, float(values.min(initial=0)))
    return Scale(low=low, high=float(values.max(initial=low)), table=table)


def signed_scale(values: Float) -> Scale:
    """Blue below 0, white at 0, red above, equally far to both sides."""
    reach = float(np.abs(values).max(initial=0))
    return Scale(low=-reach, high=reach, table=BLUE_WHITE_RED)


def fitting_scale(values: Float) -> Scale:
    """The signed scale where there are negative values, else the magnitude scale."""
    return signed_scale(values) if float(values.min(initial=0)) < 0 else magnitude_scale(values)


def short(value: float) -> str:
    """A number with three significant digits, a true minus sign, and no exponent where avoidable."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.3g}"
    else:  # as the axes of charts write it: 4.7e-4
        digits, _, exponent = f"{value:.1e}".partition("e")
        text = f"{digits}e{int(exponent)}"
    return text.replace("-", "\u2212")


def percent(share: float) -> str:
    """A share as ``53 %``, with a space that does not break.

    0 and 100 are said only of none and of all: else it is ``< 1 %`` or ``> 99 %``.
    """
    text = f"{100 * share:.0f}"
    if text == "0" and share > 0:
        text = "<\u00a01"
    elif text == "100" and share < 1:
        text = ">\u00a099"
    return f"{text}\u00a0%"
