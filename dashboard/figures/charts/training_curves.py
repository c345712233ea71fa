"""Loss and accuracy of runs over their epochs, side by side; fit to be drawn again while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from cnn_core.training.diagnosis.history import best_epoch, history_column, history_epochs
from dashboard.figures.charts.curve_ranges import CurveOf, accuracy_range, epoch_ticks, loss_range, step_line
from dashboard.figures.charts.curve_traces import (
    DASHES,
    LineStyle,
    best_point,
    cut_off,
    legend_entry,
    line_style,
    split_line,
    step_trace,
)
from dashboard.figures.charts.layout import plain_chart, short_title
from dashboard.figures.theme import Theme

METRICS = ("loss", "accuracy")
HEIGHT_PX = 296  # both curves are above the fold at 1280 x 720
LEGEND = {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"}
# Of one run it is short, and stands in the row of the title, so that a low screen shows it.
SHORT_LEGEND = {
    "orientation": "h",
    "x": 0.92,
    "xanchor": "right",
    "y": 1,
    "yanchor": "top",
    "yref": "container",
}
SUBTITLES_PX = 32
TITLE_SHIFT_PX = 6  # above the triangles of what is cut off
MOST_STEPS = 400  # points of the live line, all runs together; more are averaged in groups
FEWEST_EPOCHS_SEEN, AHEAD = 10, 1.3  # of those that are planned: a curve of two would be a vertical line


def training_curves_figure(runs: Sequence[CurveOf], *, theme: Theme) -> go.Figure:
    """Loss on the left, accuracy on the right; training solid, validation dashed.

    One run has a colour per split, and a rule at the epoch of its lowest validation loss; several
    have a colour and a symbol each. A loss far above all others is shown as a triangle at the upper
    edge, instead of squashing the rest.

    Args:
        runs: what to draw, the first one most prominent; none or empty ones give empty axes.
        theme: colours of the page.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.08, subplot_titles=("Loss", "Accuracy"))
    filled = [run for run in runs if run.history or run.steps]
    ranges = {"loss": loss_range(filled), "accuracy": accuracy_range(filled)}
    styles = [line_style(number, len(filled), theme) for number in range(len(filled))]
    drawn = list(zip(filled, styles, strict=True))
    for run, style in drawn:  # the live lines lie below all others
        _add_steps(figure, run, style, MOST_STEPS // len(filled))
    for run, style in drawn:
        _add_run(figure, run, style, ranges["loss"][1])
    for run, style in drawn:  # the symbols lie above all others
        _add_best(figure, run, style, theme)
    if len(filled) == 1:
        _mark_best(figure, filled[0], theme)
    elif filled:  # what solid and dashed mean, where the colours tell the runs apart
        figure.add_trace(legend_entry("training", theme.muted))
        figure.add_trace(legend_entry("validation", theme.muted, dash=DASHES))
    _layout(figure, runs, ranges, theme)
    if not filled:
        _say_empty(figure, theme)
    return figure


def training_curves_alt(runs: Sequence[CurveOf]) -> str:
    """What there is to see, for those who do not see it."""
    lines = []
    for run in runs:
        if not run.history:
            lines.append(f"{run.title}: no finished epoch yet.")
            continue
        ends = [
            f"{split} {metric} {values[-1]:.3f}"
            for metric in METRICS
            for split, values in (
                ("training", _finite(run, metric)),
                ("validation", _finite(run, f"val_{metric}")),
            )
            if values.size
        ]
        lines.append(
            f"{run.title}: after {len(run.history)} epochs {', '.join(ends)}; "
            f"lowest validation loss in epoch {best_epoch(run.history)}."
        )
    return "Curves of loss and accuracy by epoch. " + " ".join(lines)


def _add_run(figure: go.Figure, run: CurveOf, style: LineStyle, top: float) -> None:
    epochs = history_epochs(run.history)
    for column, metric in enumerate(METRICS, start=1):
        for split, prefix in (("training", ""), ("validation", "val_")):
            values = history_column(run.history, prefix + metric)
            line = split_line(epochs, values, f"{split} {metric}", style)
            line.update(
                name=split if style.alone else short_title(run.title),
                legendgroup=split if style.alone else style.group,
                showlegend=style.alone and column == 1,
            )
            figure.add_trace(line, row=1, col=column)
            if metric == "loss" and (values > top).any():
                figure.add_trace(cut_off(epochs, values, top, line), row=1, col=column)
    if not style.alone:
        name = short_title(run.title)
        figure.add_trace(legend_entry(name, style.training, symbol=style.symbol, group=style.group))


def _add_best(figure: go.Figure, run: CurveOf, style: LineStyle, theme: Theme) -> None:
    """The symbol of a run at its lowest validation loss, above the lines of all runs."""
    epochs, best = history_epochs(run.history), best_epoch(run.history)
    for column, metric in enumerate(METRICS, start=1):
        at_best = history_column(run.history, f"val_{metric}")[epochs == best]
        if at_best.size and best is not None:
            figure.add_trace(best_point(best, float(at_best[-1]), style, theme), row=1, col=column)


def _add_steps(figure: go.Figure, run: CurveOf, style: LineStyle, most: int) -> None:
    """The faint live lines, at most so many points."""
    for column, metric in enumerate(METRICS, start=1):
        x, y = step_line(run.steps, metric, most)
        if x.size:
            figure.add_trace(step_trace(x, y, metric, style, hover=not run.history), row=1, col=column)


def _mark_best(figure: go.Figure, run: CurveOf, theme: Theme) -> None:
    """A rule through both charts at the epoch of the lowest validation loss, named above the left one."""
    best = best_epoch(run.history)
    if best is None:
        return
    figure.add_vline(x=best, line={"color": theme.muted, "width": 1, "dash": "dot"}, layer="below")
    _say(figure, f"lowest validation loss: epoch {best}", theme, x=1, y=1, xanchor="right", yanchor="bottom")


def _say(figure: go.Figure, text: str, theme: Theme, **place: Any) -> None:
    """Words on the left chart, or on both where ``place`` says so."""
    figure.add_annotation(
        text=text,
        showarrow=False,
        font={"size": 13, "color": theme.muted},
        **{"xref": "x domain", "yref": "y domain", "yshift": TITLE_SHIFT_PX, **place},
    )


def _layout(
    figure: go.Figure, runs: Sequence[CurveOf], ranges: Mapping[str, tuple[float, float]], theme: Theme
) -> None:
    first, last = epoch_ends(runs)
    pad = 0.02 * (last - first)
    plain_chart(
        figure,
        theme,
        title=runs[0].title if len(runs) == 1 else "Loss and accuracy of several runs",
        height=HEIGHT_PX,
        above_px=SUBTITLES_PX,
        hovermode="x unified",
        hoverlabel={"bgcolor": theme.ground, "bordercolor": theme.line, "font": {"color": theme.text}},
        showlegend=True,
        legend=(SHORT_LEGEND if len(runs) == 1 else LEGEND) | {"font": {"size": 13, "color": theme.text}},
        uirevision="training curves",  # a hidden line stays hidden when the run has gone on
    )
    figure.update_xaxes(
        title={"text": "epoch", "standoff": 6},
        range=[first - pad, last + pad],
        dtick=epoch_ticks(last - first),
        tick0=0,
        hoverformat=".4~g",
        unifiedhovertitle={"text": "epoch %{x}"},
        showspikes=True,  # the line under the box of figures
        spikecolor=theme.muted,
        spikethickness=-1,  # without a rim
        spikedash="solid",
    )
    figure.update_yaxes(nticks=7)
    figure.update_yaxes(range=ranges["loss"], col=1)
    figure.update_yaxes(range=ranges["accuracy"], tickformat=".0%", col=2)
    for axis, title in zip(("xaxis", "xaxis2"), figure.layout.annotations[:2], strict=True):
        title.update(
            x=figure.layout[axis].domain[0],
            xanchor="left",
            yshift=TITLE_SHIFT_PX,
            font={"size": 14, "color": theme.text},
        )


def epoch_ends(runs: Sequence[CurveOf]) -> tuple[float, float]:
    """First and last place on the axis of epochs; of a long run not all that are planned from the start."""
    first = 0.0 if any(run.steps for run in runs) or not any(run.history for run in runs) else 1.0
    lasts = [first + 1.0]
    for run in runs:
        done = history_epochs(run.history)[-1:].tolist()
        done += [np.ceil(value) for value in step_line(run.steps, "loss", MOST_STEPS)[0][-1:].tolist()]
        seen = max(FEWEST_EPOCHS_SEEN, np.ceil(AHEAD * max(done, default=0)))
        lasts += [float(min(run.epochs or 0, seen)), *done]
    return first, float(max(lasts))


def _say_empty(figure: go.Figure, theme: Theme) -> None:
    """Axes without lines, and when there will be some."""
    for column in (1, 2):  # an axis without a trace is not drawn
        figure.add_trace(go.Scatter(x=[None], y=[None], showlegend=False), row=1, col=column)
    text = "Nothing to draw yet: the curves begin with the first batches of the first epoch."
    _say(figure, text, theme, x=0.5, y=0.5, xref="paper", yref="paper", bgcolor=theme.ground, borderpad=6)


def _finite(run: CurveOf, name: str) -> NDArray[np.float64]:
    values = history_column(run.history, name)
    return values[np.isfinite(values)]
