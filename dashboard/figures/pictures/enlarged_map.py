"""One map, large, with its real values and the scale beside it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.colours import Float, Scale, fitting_scale
from dashboard.figures.pictures.mosaic import bare_picture
from dashboard.figures.theme import Theme

BAR_SHARE = 1.16  # width of a square map with its colour bar


def map_figure(values: Float, *, scale: Scale | None = None, unit: str = "", theme: Theme) -> go.Figure:
    """A heat map of raw values; hovering tells row, column and value.

    Args:
        values: ``(h, w)``.
        scale: colours and range; by default from the values themselves.
        unit: shown above the colour bar.
        theme: colours of the page.
    """
    scale = fitting_scale(values) if scale is None else scale
    flat = scale.high <= scale.low
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(values, np.float32),
            zmin=scale.low - (1 if flat else 0),
            zmax=scale.high + (1 if flat else 0),
            colorscale=[[0, theme.blank], [1, theme.blank]] if flat else scale.plotly(),
            showscale=not flat,
            colorbar={
                "thickness": 10,
                "len": 1,
                "outlinewidth": 0,
                "title": {"text": unit, "side": "top", "font": {"size": 13, "color": theme.muted}},
                "tickfont": {"size": 13, "color": theme.muted},
                "ticks": "",
                "exponentformat": "e",  # as elsewhere on the page, not 400µ
                "ticksuffix": "\N{NO-BREAK SPACE}",  # or the last digit is cut off
                "nticks": 6,
                "xpad": 8,
            },
            hovertemplate="row %{y}, column %{x}<br><b>%{z:.4g}</b><extra></extra>",
        )
    )
    height, width = values.shape
    bare_picture(figure, (-0.5, width - 0.5), (height - 0.5, -0.5))
    return figure
