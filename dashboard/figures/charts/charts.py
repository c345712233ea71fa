"""Line and bar charts: sparsity by depth, and how a pattern's score climbed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.charts.layout import legend_above, plain_chart, short_title
from dashboard.figures.colours import Float, percent, short
from dashboard.figures.theme import Theme

MOST_LYING = 24  # units whose bars lie, each with its name and value
LONGEST_NAME = 24


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


def units_figure(values: Float, names: Sequence[str] | None, *, selected: int, theme: Theme) -> go.Figure:
    """A layer without maps: a bar per unit, which gives its number in ``customdata`` when it is clicked.

    Args:
        values: ``(units,)``.
        names: of the classes, where the units stand for some; they are written beside the bars.
        selected: unit to fill strongly.
        theme: colours of the page.
    """
    units = np.arange(len(values))
    labels = [str(unit) for unit in units] if names is None else list(names)
    lying = len(values) <= MOST_LYING
    along, across = ("y", "x") if lying else ("x", "y")
    figure = go.Figure(
        go.Bar(
            **{along: units, across: np.asarray(values, np.float64)},
            orientation="h" if lying else "v",
            marker={
                "color": theme.accent,
                "opacity": [1.0 if unit == selected else 0.45 for unit in units],
                "line": {"width": 0},
            },
            customdata=units,
            text=[short(float(value)) for value in values] if lying else None,
            textposition="outside",
            textfont={"color": theme.text},
            cliponaxis=False,
            hovertext=labels,
            hovertemplate=f"<b>%{{hovertext}}</b><br>%{{{across}:.4g}}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.45}},
        )
    )
    height = 60 + 26 * len(values) if lying else 320
    plain_chart(figure, theme, title="The value of every unit", height=height, bargap=0.25 if lying else 0)
    figure.update_layout(clickmode="event+select")
    if lying:
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        room = 0.15 * (high - low or 1.0)  # for the figures at the ends of the bars
        figure.update_xaxes(
            range=[low - (room if low < 0 else 0), high + room], showgrid=True, gridcolor=theme.line
        )
        figure.update_yaxes(
            autorange="reversed",
            showgrid=False,
            tickvals=units,
            ticklabelstandoff=8,
            ticktext=[short_title(label, LONGEST_NAME) for label in labels],
        )
    else:
        figure.update_xaxes(title={"text": "unit", "standoff": 4})
    return figure
