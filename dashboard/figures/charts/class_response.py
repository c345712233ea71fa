"""What one channel answers to the photos of each class: a bar per class."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.charts.layout import plain_chart, short_title
from dashboard.figures.theme import Theme

LONGEST_NAME = 24


def class_response_figure(
    names: Sequence[str],
    means: Sequence[float],
    facts: Sequence[str],
    *,
    title: str,
    theme: Theme,
) -> go.Figure:
    """A bar per class, as long as the mean activation.

    Args:
        names: of the classes, from top to bottom.
        means: mean activation per class.
        facts: what is said at the end of each bar.
        title: above the chart.
        theme: of the page.
    """
    figure = go.Figure(
        go.Bar(
            y=list(range(len(names))),
            x=list(means),
            text=list(facts),
            customdata=list(names),
            textposition="auto",
            insidetextfont={"color": theme.ground},
            outsidetextfont={"color": theme.muted},
            orientation="h",
            marker={"color": theme.accent},
            hovertemplate="%{customdata}: <b>%{x:.3g}</b><br>%{text}<extra></extra>",
        )
    )
    plain_chart(figure, theme, title=title, height=46 + 40 * len(names))
    ticks = [short_title(name, LONGEST_NAME) for name in names]
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickvals=list(range(len(names))), ticktext=ticks
    )
    figure.update_xaxes(title="mean activation", rangemode="tozero", showgrid=True, gridcolor=theme.line)
    return figure
