"""The tournament of heat maps as charts: curves of deletion and insertion, and how far the maps agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.charts.layout import legend_above, plain_chart
from dashboard.figures.colours import signed_scale
from dashboard.figures.theme import Theme

Float = NDArray[np.float32]

DASHES = ("solid", "dash", "dot", "dashdot")
CELL_PX = 30


def curves_figure(curves: Float, titles: Sequence[str], *, title: str, axis: str, theme: Theme) -> go.Figure:
    """The answer against the share of pixels, a line per map, each with a dash of its own.

    Args:
        curves: ``(m, n + 1)``, at shares from 0 to 1.
        titles: of the maps.
        title: of the chart.
        axis: what the height is.
        theme: of the page.
    """
    figure = go.Figure()
    shares = np.linspace(0, 1, curves.shape[1])
    colours = (theme.accent, theme.text, theme.frame, theme.muted)
    for index, (name, curve) in enumerate(zip(titles, curves, strict=True)):
        figure.add_scatter(
            x=shares,
            y=curve,
            name=name,
            mode="lines",
            line={"color": colours[index % len(colours)], "dash": DASHES[index % len(DASHES)], "width": 2},
            hovertemplate=f"{name}: <b>%{{y:.3g}}</b> at %{{x:.0%}}<extra></extra>",
        )
    plain_chart(
        figure, theme, title=title, height=300, above_px=52, showlegend=True, legend=legend_above(theme)
    )
    figure.update_xaxes(title={"text": "share of the pixels", "standoff": 4}, tickformat=".0%")
    figure.update_yaxes(title={"text": axis, "standoff": 4})
    return figure


def agreement_figure(agreement: Float, titles: Sequence[str], *, theme: Theme) -> go.Figure:
    """Rank correlations between maps as a square of cells with their figures.

    Args:
        agreement: ``(m, m)``, -1 to 1.
        titles: of the maps.
        theme: of the page.
    """
    figure = go.Figure(
        go.Heatmap(
            z=agreement,
            x=list(titles),
            y=list(titles),
            zmin=-1,
            zmax=1,
            colorscale=signed_scale(np.ones(1, np.float32)).plotly(),
            texttemplate="%{z:.1f}",
            textfont={"size": 13},
            hovertemplate="%{y} and %{x}: <b>%{z:.2f}</b><extra></extra>",
            colorbar={
                "title": {"text": "ρ", "font": {"size": 13, "color": theme.muted}},
                "tickfont": {"size": 13, "color": theme.muted},
                "thickness": 10,
                "outlinewidth": 0,
            },
        )
    )
    plain_chart(figure, theme, title="Agreement", height=170 + CELL_PX * len(titles))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickangle=-45)
    return figure


def means_figure(
    titles: Sequence[str], means: Float, low: Float, high: Float, *, title: str, axis: str, theme: Theme
) -> go.Figure:
    """Means with their confidence intervals, a row each, in the order that is given.

    Args:
        titles: of the maps.
        means, low, high: ``(m,)``, the means and the ends of their intervals.
        title: of the chart.
        axis: what the length is.
        theme: of the page.
    """
    rows = np.arange(len(titles))
    bars = {"array": high - means, "arrayminus": means - low, "thickness": 2.5, "width": 5}
    figure = go.Figure(
        go.Scatter(
            x=means,
            y=rows,
            mode="markers",
            marker={"size": 10, "color": theme.accent},
            error_x={"type": "data", "symmetric": False, "color": theme.accent, **bars},
            customdata=np.stack([low, high], axis=1),
            text=list(titles),
            hovertemplate="%{text}: <b>%{x:.2f}</b>, "
            "%{customdata[0]:.2f} to %{customdata[1]:.2f}<extra></extra>",
        )
    )
    plain_chart(figure, theme, title=title, height=80 + 26 * len(titles))
    figure.add_vline(x=0, line={"color": theme.muted, "width": 1, "dash": "dot"})
    figure.update_xaxes(title={"text": axis, "standoff": 6}, showgrid=True, gridcolor=theme.line)
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickvals=rows, ticktext=list(titles), ticklabelstandoff=8
    )
    return figure
