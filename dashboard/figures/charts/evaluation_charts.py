"""How a trained model did: ROC, precision-recall, reliability."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from cnn_core.evaluation.curves import PrecisionRecall, Reliability, RocCurve
from dashboard.figures.charts.layout import TITLE_PX, plain_chart, short_title
from dashboard.figures.colours import percent
from dashboard.figures.theme import Theme, rgb

Values = NDArray[np.float64]

MOST_POINTS = 300  # of a curve; more corners cannot be told apart
LONGEST_NAME = 22
HEIGHT_PX = 380
EDGE = 0.02  # beside the axes, so that a line along the border stays whole


def roc_figure(curve: RocCurve, *, name: str, threshold: float | None, theme: Theme) -> go.Figure:
    """How many of a class are found, against how many others are taken for it.

    Args:
        curve: of that class.
        name: of that class.
        threshold: whose point is marked; None where no threshold decides.
        theme: colours of the page.
    """
    x, y = curve.false_positive_rate, curve.true_positive_rate
    keep = thinned(x, y)
    figure = go.Figure(_curve(x[keep], y[keep], curve.thresholds[keep], theme))
    figure.update_traces(
        hovertemplate="from %{customdata:.3f} up: <b>%{y:.1%}</b> found,<br>"
        "%{x:.1%} of the others taken for it<extra></extra>"
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], **_rule(theme))
    if threshold is not None:
        place = curve.place(threshold)
        hover = f"finds {percent(y[place])},<br>takes {percent(x[place])}<br>of the others"
        _mark(figure, (float(x[place]), float(y[place])), threshold, hover, theme)
    quoted = _quoted(name)
    titles = f"others answered {quoted}: false positives", f"{quoted} found: true positives"
    _layout(figure, (f"ROC curve of {name}", *titles), theme)
    _note(figure, f"area <b>{curve.area:.3f}</b>", theme, corner="bottom right")
    return figure


def precision_recall_figure(
    curve: PrecisionRecall, *, name: str, threshold: float | None, theme: Theme
) -> go.Figure:
    """How many answers are right, against how many of the class are found; a stair.

    Args:
        curve: of that class.
        name: of that class.
        threshold: whose point is marked, if any picture is answered there; None where none decides.
        theme: colours of the page.
    """
    keep = thinned(curve.recall, curve.precision)
    place = None if threshold is None else curve.place(threshold)
    first = np.concatenate([keep[:1], keep])  # the stair begins at the height of its first point
    x = np.concatenate([[0.0], curve.recall[keep]])
    figure = go.Figure(_curve(x, curve.precision[first], curve.thresholds[first], theme, shape="vh"))
    figure.update_traces(
        hovertemplate="from %{customdata:.3f} up: <b>%{y:.1%}</b> of the answers right,<br>"
        "%{x:.1%} found<extra></extra>"
    )
    figure.add_scatter(x=[0, 1], y=[curve.prevalence] * 2, **_rule(theme))
    if threshold is not None and place is not None:
        point = float(curve.recall[place]), float(curve.precision[place])
        hover = f"{percent(point[1])} of the answers right,<br>finds {percent(point[0])}"
        _mark(figure, point, threshold, hover, theme)
    quoted = _quoted(name)
    titles = f"{quoted} found: recall", f"answers {quoted} that are right: precision"
    _layout(figure, (f"Precision and recall of {name}", *titles), theme)
    _note(figure, f"average precision <b>{curve.average_precision:.3f}</b>", theme, corner="bottom left")
    return figure


def reliability_figure(bins: Reliability, *, theme: Theme) -> go.Figure:
    """How often answers of a confidence are right: bars that end on the diagonal can be believed.

    The hatched part is the gap to the mean confidence; below, how many answers each bar stands for.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.06)
    filled = np.flatnonzero(bins.counts)
    first = float(bins.edges[filled[0]])
    right, sure = bins.accuracy[filled], bins.confidence[filled]
    bars = {
        "x": (bins.edges[filled] + bins.edges[filled + 1]) / 2,
        "width": 0.92 * (bins.edges[filled + 1] - bins.edges[filled]),
        "text": [_bin_facts(bins, place) for place in filled.tolist()],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
    figure.add_bar(y=right, marker={"color": theme.accent, "line": {"width": 0}}, **bars, row=1, col=1)
    hatched = {
        "color": "rgba(0,0,0,0)",
        "pattern": {"shape": "/", "size": 6, "fgcolor": theme.frame},
        "line": {"width": 1, "color": theme.frame},
    }
    gap = {"base": np.minimum(right, sure).tolist(), "y": np.abs(right - sure), "marker": hatched}
    figure.add_bar(**gap, **bars, row=1, col=1)
    figure.add_scatter(x=[first, 1], y=[first, 1], **_rule(theme), row=1, col=1)
    figure.add_bar(y=bins.counts[filled], marker={"color": theme.muted}, **bars, row=2, col=1)
    _layout(figure, ("Calibration", "confidence in the answer", "share that is right"), theme)
    figure.update_xaxes(range=[first - EDGE / 2, 1 + EDGE / 2])
    figure.update_xaxes(title_text="", row=1)
    figure.update_yaxes(autorange=True, tickformat="~s", nticks=3, title_text="answers", row=2)
    figure.update_layout(barmode="overlay", bargap=0)
    _note(
        figure, f"mean gap (ECE) <b>{100 * bins.calibration_error:.1f}\u00a0%</b>", theme, corner="above left"
    )
    figure.update_layout(margin_t=TITLE_PX + 30)
    return figure


def thinned(x: Values, y: Values) -> NDArray[np.intp]:
    """Indices of at most 300 points of a curve: corners only, then every so many of them; both ends stay."""
    corner = np.ones(len(x), bool)
    along_x, along_y = np.diff(x), np.diff(y)
    corner[1:-1] = along_x[1:] * along_y[:-1] != along_x[:-1] * along_y[1:]
    kept = np.flatnonzero(corner)
    if len(kept) <= MOST_POINTS:
        return kept
    positions = np.unique(np.linspace(0, len(kept) - 1, MOST_POINTS).round().astype(np.intp))
    return np.asarray(kept[positions], np.intp)


def _bin_facts(bins: Reliability, place: int) -> str:
    low, high = bins.edges[place], bins.edges[place + 1]
    sure, right = (f"{100 * values[place]:.1f}\u00a0%" for values in (bins.confidence, bins.accuracy))
    return (
        f"confidence {percent(low)} to {percent(high)}, {sure} on average<br>"
        f"<b>{right}</b> of {bins.counts[place]} answers right"
    )


def _curve(x: Values, y: Values, thresholds: Values, theme: Theme, shape: str = "linear") -> go.Scatter:
    return go.Scatter(
        x=np.asarray(x, np.float32),
        y=np.asarray(y, np.float32),
        customdata=np.asarray(np.minimum(thresholds, 1), np.float32),
        mode="lines",
        line={"color": theme.accent, "width": 2.6, "shape": shape},
        fill="tozeroy",
        fillcolor="rgba({},{},{},.1)".format(*rgb(theme.accent)),
    )


def _rule(theme: Theme) -> dict[str, Any]:
    """The dotted line to compare with."""
    return {"mode": "lines", "line": {"color": theme.muted, "width": 1.2, "dash": "dot"}, "hoverinfo": "skip"}


def _mark(figure: go.Figure, point: tuple[float, float], threshold: float, hover: str, theme: Theme) -> None:
    """The point of the chosen threshold, with what it means written beside it."""
    x, y = point
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 14, "color": theme.frame, "line": {"width": 2.5, "color": theme.ground}},
        hoverinfo="skip",
    )
    left, low = x > 0.6, y < 0.35
    figure.add_annotation(
        x=x,
        y=y,
        text=f"<b>threshold {threshold:.2f}</b><br>{hover}",
        showarrow=False,
        align="right" if left else "left",
        xanchor="right" if left else "left",
        yanchor="bottom" if low else "top",
        xshift=-10 if left else 10,
        yshift=8 if low else -8,
        bgcolor="rgba({},{},{},.75)".format(*rgb(theme.ground)),
        font={"size": 13, "color": theme.text},
    )


def _note(figure: go.Figure, text: str, theme: Theme, *, corner: str) -> None:
    """The one figure of the chart, in its emptiest corner or above it."""
    height, x_side = corner.split()
    above = height == "above"
    figure.add_annotation(
        x=1 if x_side == "right" else 0,
        y=1 if above else 0,
        xref="x domain",
        yref="y domain",
        xanchor=x_side,
        yanchor="bottom",
        xshift=0 if above else -8 if x_side == "right" else 8,
        yshift=2 if above else 6,
        text=text,
        showarrow=False,
        bgcolor=theme.ground,
        borderpad=4,
        font={"size": 13, "color": theme.text},
    )


def _layout(figure: go.Figure, titles: tuple[str, str, str], theme: Theme) -> None:
    """The titles of the chart, of its axis to the right and of that upwards; both are shares."""
    title, x_title, y_title = titles
    plain_chart(figure, theme, title=title, height=HEIGHT_PX)
    figure.update_xaxes(range=[-EDGE, 1 + EDGE], title={"text": x_title, "standoff": 6}, tickformat=".0%")
    figure.update_yaxes(range=[0, 1 + EDGE], title={"text": y_title, "standoff": 6}, tickformat=".0%")


def _quoted(name: str) -> str:
    return f"“{short_title(name, LONGEST_NAME)}”"
