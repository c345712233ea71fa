"""Where the weights of a network lie, and where its work: a bar per block."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboard.figures.charts.layout import legend_above, plain_chart
from dashboard.figures.theme import Theme


def shares_figure(shares: Mapping[str, tuple[float, float]], theme: Theme) -> go.Figure:
    """Two bars per block.

    Args:
        shares: of the parameters and of the multiply-adds, both 0..1, by block, in the order of computation.
        theme: of the page.
    """
    names = list(shares)
    figure = go.Figure()
    for place, (title, colour) in enumerate((("parameters", theme.accent), ("multiply-adds", theme.muted))):
        figure.add_bar(
            y=names,
            x=[shares[name][place] for name in names],
            name=title,
            orientation="h",
            marker={"color": colour},
            hovertemplate=f"%{{y}}: <b>%{{x:.1%}}</b> of the {title}<extra></extra>",
        )
    plain_chart(
        figure,
        theme,
        title="Share of each block",
        height=100 + 34 * len(names),
        above_px=40,
        showlegend=True,
        legend=legend_above(theme),
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", showgrid=True, gridcolor=theme.line)
    return figure
