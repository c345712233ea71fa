"""The sizes of the pictures of a data set as a picture to take away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.charts.size_chart import SYMBOLS, split_colours
from dashboard.figures.colours import UInt8
from dashboard.figures.files.table_png import stacked_pixels
from dashboard.figures.legend_picture import LegendEntry, legend_pixels
from dashboard.figures.line_picture import Marks, Panel, panels_pixels
from dashboard.figures.theme import LIGHT

RADIUS_PX, HEADROOM = 2.2, 1.05


def size_pixels(sizes_px: Mapping[str, NDArray[Any]]) -> UInt8:
    """Width against height, a symbol per picture, ``(H, W, 3)``, uint8, on white.

    Args:
        sizes_px: ``(n, 2)``, int, width and height in pixels, per split; not all empty.
    """
    looks = list(zip(sizes_px, split_colours(LIGHT), SYMBOLS, strict=False))
    widest, highest = np.concatenate([sizes.reshape(-1, 2) for sizes in sizes_px.values()]).max(axis=0)
    marks = [
        Marks(
            x=np.asarray(sizes_px[split], np.float32).reshape(-1, 2)[:, 0],
            y=np.asarray(sizes_px[split], np.float32).reshape(-1, 2)[:, 1],
            colour=colour,
            symbol=symbol,
            radius_px=RADIUS_PX,
            rimmed=False,
        )
        for split, colour, symbol in looks
    ]
    panel = Panel(
        title="Height, px",
        x_title="width, px",
        x_range=(0.0, HEADROOM * float(widest)),
        y_range=(0.0, HEADROOM * float(highest)),
        parts=marks,
    )
    chart = panels_pixels([panel])
    entries = [
        LegendEntry(name=split, colour=colour, symbol=symbol, line="none") for split, colour, symbol in looks
    ]
    return stacked_pixels([chart, legend_pixels(entries, chart.shape[1])], gap_px=6)
