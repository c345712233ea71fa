"""The lines and marks of the training curves, one trace each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.theme import DARK, Theme

Values = NDArray[np.floating[Any]]

DASHES = "5px 4px"
WIDTH_PX, NARROW_PX = 2.4, 2.0  # of the lines of one run, and of several
MARKERS_UNTIL_EPOCHS = 30
EDGE = 1e-4  # of the value at the edge
MARKERS_OF_EACH = 8  # symbols along the line of one of several runs
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "star")
# The page's categorical colours (.streamlit/config.toml), so that one run has one colour everywhere.
# Any two lie 20 units of CIELAB apart, also for eyes without the red or the green cones (Machado 2009).
LIGHT_SERIES = ("#0f6b7d", "#a83a1e", "#b07d00", "#5b3f9e", "#4a90d9", "#2f9e77")
DARK_SERIES = ("#4fb7c5", "#dd6745", "#f0c14b", "#8d72dc", "#f2f4f3", "#c5e08a")
SIGNS = ("●", "◆", "■", "▲", "✖", "★")  # the symbols as letters, for tables


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStyle:
    """How the lines of one run look.

    Attributes:
        training, validation: colours.
        symbol: marks its lowest validation loss.
        group: hides and shows together in the legend.
        alone: whether there is no other run.
    """

    training: str
    validation: str
    symbol: str
    group: str
    alone: bool


def line_style(place: int, count: int, theme: Theme) -> LineStyle:
    colours = series_colours(theme)
    own = colours[place % len(colours)]
    return LineStyle(
        training=theme.accent if count == 1 else own,
        validation=theme.frame if count == 1 else own,
        symbol=SYMBOLS[place % len(SYMBOLS)],
        group=f"run {place}",
        alone=count == 1,
    )


def series_colours(theme: Theme) -> tuple[str, ...]:
    """A colour per run, repeated after the last."""
    return DARK_SERIES if theme.ground == DARK.ground else LIGHT_SERIES


def split_line(epochs: Values, values: Values, what: str, style: LineStyle) -> go.Scatter:
    """One curve of a run.

    Args:
        epochs, values: ``(epochs,)``; NaN makes a gap.
        what: split and metric, e.g. ``validation loss``.
        style: of the run.
    """
    validation, number = what.startswith("validation"), "%{y:.4f}" if what.endswith("loss") else "%{y:.1%}"
    colour = style.validation if validation else style.training
    dots = len(epochs) <= MARKERS_UNTIL_EPOCHS if style.alone else not validation
    marker = (
        {"size": 5} if style.alone else {"size": 7, "symbol": style.symbol, "maxdisplayed": MARKERS_OF_EACH}
    )
    return go.Scatter(
        x=np.asarray(epochs, np.float32),
        y=np.asarray(values, np.float32),
        mode="lines+markers" if dots else "lines",
        marker={**marker, "color": colour},
        line={
            "color": colour,
            "width": WIDTH_PX if style.alone else NARROW_PX,
            "dash": DASHES if validation else "solid",
        },
        hovertemplate=f"{what} <b>{number}</b><extra>{'' if style.alone else '%{fullData.name}'}</extra>",
    )


def cut_off(epochs: Values, values: Values, top: float, line: go.Scatter) -> go.Scatter:
    """Triangles at the upper edge for what lies above it.

    A hair's breadth below: what rounding lifts above the edge is not drawn at all.
    """
    above = values > top
    return go.Scatter(
        x=np.asarray(epochs[above], np.float32),
        y=np.full(int(above.sum()), top - EDGE * abs(top), np.float32),
        customdata=np.asarray(values[above], np.float32),
        mode="markers",
        marker={"symbol": "triangle-up", "size": 11, "color": line.line.color},
        cliponaxis=False,
        name=line.name,
        legendgroup=line.legendgroup,
        showlegend=False,
        hovertemplate="above the chart: <b>%{customdata:.4g}</b><extra>%{fullData.name}</extra>",
    )


def best_point(x: float, y: float, style: LineStyle, theme: Theme) -> go.Scatter:
    """The symbol of a run at its lowest validation loss."""
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={
            "symbol": style.symbol,
            "size": 13,
            "color": style.validation,
            "line": {"width": 2, "color": theme.ground},
        },
        legendgroup="validation" if style.alone else style.group,
        showlegend=False,
        hoverinfo="skip",
    )


def legend_entry(
    name: str, colour: str, *, symbol: str = "", dash: str = "solid", group: str = ""
) -> go.Scatter:
    """An entry of the legend without points of its own."""
    return go.Scatter(
        x=[None],
        y=[None],
        mode="lines+markers" if symbol else "lines",
        line={"color": colour, "width": 2.4, "dash": dash},
        marker={"symbol": symbol or "circle", "size": 9, "color": colour},
        name=name,
        legendgroup=group or name,
        hoverinfo="skip",
    )


def step_trace(x: Values, y: Values, metric: str, style: LineStyle, *, hover: bool) -> go.Scatter:
    """The faint line of the groups of batches; silent where the epochs have something to say."""
    number = "%{y:.4f}" if metric == "loss" else "%{y:.1%}"
    shown = {"hovertemplate": f"training {metric} of a few batches <b>{number}</b><extra></extra>"}
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": style.training, "width": 1.2},
        opacity=0.4,
        legendgroup="training" if style.alone else style.group,
        showlegend=False,
        **(shown if hover else {"hoverinfo": "skip"}),
    )
