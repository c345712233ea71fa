"""The sizes of the pictures of a data set: a point per picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.charts.layout import legend_above, plain_chart
from dashboard.figures.theme import Theme

MOST_POINTS = 1200  # of one split; more hide each other and take longer to draw
SYMBOLS = ("circle", "diamond", "square")


def size_figure(sizes_px: Mapping[str, NDArray[Any]], *, theme: Theme) -> go.Figure:
    """Width against height, splits by colour and symbol; at most 1200 pictures of each, by chance.

    Args:
        sizes_px: ``(n, 2)``, int, width and height in pixels, per split.
        theme: colours of the page.
    """
    figure = go.Figure()
    styles = zip(sizes_px.items(), (theme.accent, theme.frame, theme.muted), SYMBOLS, strict=False)
    for (split, sizes), colour, symbol in styles:
        drawn = _some(np.asarray(sizes, np.int64).reshape(-1, 2))
        figure.add_scatter(
            x=drawn[:, 0],
            y=drawn[:, 1],
            mode="markers",
            marker={"size": 5, "color": colour, "opacity": 0.45, "symbol": symbol, "line": {"width": 0}},
            name=split,
            hovertemplate="%{x} × %{y} px<extra>" + split + "</extra>",
        )
    plain_chart(
        figure,
        theme,
        title="Sizes of the pictures",
        height=300,
        above_px=26,
        showlegend=True,
        legend=legend_above(theme),
    )
    figure.update_xaxes(title={"text": "width, px", "standoff": 4}, showgrid=True, gridcolor=theme.line)
    figure.update_yaxes(title={"text": "height, px", "standoff": 4})
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure


def _some(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(sizes) <= MOST_POINTS:
        return sizes
    picks = np.random.default_rng(0).choice(len(sizes), MOST_POINTS, replace=False)
    return sizes[np.sort(picks)]
