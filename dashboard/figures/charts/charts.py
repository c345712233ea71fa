"""Line and bar charts: sparsity by depth, and how a pattern's score climbed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.charts.layout import legend_above, plain_chart
from dashboard.figures.colours import Float, percent
from dashboard.figures.theme import Theme


def sparsity_figure(
    titles: Sequence[str], sparsity: Float, blank_fraction: Float, *, selected: int | None, theme: Theme
) -> go.Figure:
    """Share of zeros (bars) and of blank maps (points) per layer, first layer on top.

    Args:
        titles: name of each layer.
        sparsity: ``(layers,)``, 0..1, share of values that are exactly zero.
        blank_fraction: ``(layers,)``, 0..1, share of maps that are zero everywhere.
        selected: layer to fill strongly, or None.
        theme: colours of the page.
    """
    strength = [1.0 if index == selected else 0.45 for index in range(len(titles))]
    names, zeros = list(titles), np.asarray(sparsity, np.float64)
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=zeros,
        orientation="h",
        marker={"color": theme.accent, "opacity": strength, "line": {"width": 0}},
        text=[percent(share) for share in zeros],
        textposition="outside",
        textfont={"color": theme.text},
        cliponaxis=False,
        name="values that are zero",
        hovertemplate="<b>%{y}</b><br>%{x:.1%} of the values are zero<extra></extra>",
    )
    figure.add_scatter(
        y=names,
        x=np.asarray(blank_fraction, np.float64),
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 9,
            "color": theme.frame,
            "line": {"width": 1, "color": theme.text},
        },
        cliponaxis=False,
        name="maps that are blank",
        hovertemplate="<b>%{y}</b><br>%{x:.1%} of the maps are blank<extra></extra>",
    )
    plain_chart(
        figure,
        theme,
        title="Zeros by depth",
        height=90 + 26 * len(names),
        above_px=26,
        bargap=0.3,
        showlegend=True,
        legend=legend_above(theme),
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    figure.update_xaxes(range=[0, 1.06], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_xaxes(showgrid=True, gridcolor=theme.line)
    return figure


def ascent_figure(history: Float, *, label: str, theme: Theme) -> go.Figure:
    """The score of one pattern ``(steps + 1,)`` while it climbed."""
    figure = go.Figure(
        go.Scatter(
            y=np.asarray(history, np.float64),
            mode="lines",
            line={"color": theme.accent, "width": 2.5},
            hovertemplate="step %{x}: <b>%{y:.3g}</b><extra></extra>",
        )
    )
    plain_chart(figure, theme, title="The score, step by step", height=210)
    figure.update_xaxes(title={"text": "step", "standoff": 4})
    figure.update_yaxes(title={"text": label, "standoff": 4}, nticks=5)
    return figure
