"""The training curves as a picture to take away: the same ranges, colours and symbols as on the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.training.diagnosis.history import best_epoch, history_column, history_epochs
from dashboard.figures.charts.curve_ranges import Range, accuracy_range, loss_range, step_line
from dashboard.figures.charts.curve_traces import MARKERS_OF_EACH, NARROW_PX, WIDTH_PX, Look, look_of
from dashboard.figures.charts.training_curves import METRICS, MOST_STEPS, CurveOf, epoch_ends
from dashboard.figures.colours import UInt8
from dashboard.figures.files.table_png import stacked_pixels
from dashboard.figures.legend_picture import LegendEntry, legend_pixels
from dashboard.figures.line_picture import Line, Marks, Panel, Values, panels_pixels
from dashboard.figures.theme import LIGHT, rgb

STEP_OPACITY = 0.4


def training_curves_pixels(runs: Sequence[CurveOf]) -> UInt8:
    """Loss and accuracy of runs over their epochs with a legend, ``(H, W, 3)``, uint8, on white.

    Args:
        runs: as for ``training_curves_figure``.
    """
    filled = [run for run in runs if run.history or run.steps]
    looks = [look_of(place, len(filled), LIGHT) for place in range(len(filled))]
    ranges = {"loss": loss_range(filled), "accuracy": accuracy_range(filled)}
    first, last = epoch_ends(runs)
    pad = 0.02 * (last - first)
    panels = [
        Panel(
            title=metric.capitalize(),
            x_title="epoch",
            x_range=(first - pad, last + pad),
            y_range=ranges[metric],
            parts=_parts(filled, looks, metric, ranges[metric]),
            percent=metric == "accuracy",
        )
        for metric in METRICS
    ]
    charts = panels_pixels(panels)
    return stacked_pixels([charts, legend_pixels(_legend(filled, looks), charts.shape[1])], gap_px=6)


def _parts(
    runs: Sequence[CurveOf], looks: Sequence[Look], metric: str, ends: Range
) -> tuple[Line | Marks, ...]:
    """Faint lines of the batches lowest, then the curves, the symbols on top."""
    lines: list[Line | Marks] = []
    marks: list[Line | Marks] = []
    for run, look in zip(runs, looks, strict=True):
        width = WIDTH_PX if look.alone else NARROW_PX
        x, y = step_line(run.steps, metric, MOST_STEPS // len(runs))
        lines.insert(0, Line(x=x, y=y, colour=_faint(look.training), width_px=1.2))
        epochs, best = history_epochs(run.history), best_epoch(run.history)
        for name, colour, dashed in (
            (metric, look.training, False),
            (f"val_{metric}", look.validation, True),
        ):
            values = history_column(run.history, name)
            lines.append(Line(x=epochs, y=values, colour=colour, width_px=width, dashed=dashed))
            if not (look.alone or dashed):
                lines.append(_few_marks(epochs, values, look))
            above = values > ends[1]
            if metric == "loss" and above.any():
                edge = np.full(int(above.sum()), ends[1] - 0.02 * (ends[1] - ends[0]))
                marks.append(Marks(x=epochs[above], y=edge, colour=colour, symbol="triangle-up"))
        at_best = history_column(run.history, f"val_{metric}")[epochs == best]
        if at_best.size:
            place = np.full(at_best.size, float(best or 0))
            marks.append(Marks(x=place, y=at_best, colour=look.validation, symbol=look.symbol))
    return (*lines, *marks)


def _few_marks(epochs: Values, values: Values, look: Look) -> Marks:
    """Symbols along a line, as far apart as on the page."""
    some = np.unique(np.linspace(0, max(len(epochs) - 1, 0), MARKERS_OF_EACH).round().astype(int))[
        : len(epochs)
    ]
    return Marks(
        x=epochs[some], y=values[some], colour=look.training, symbol=look.symbol, radius_px=3.5, rimmed=False
    )


def _faint(colour: str) -> str:
    mixed = [round(STEP_OPACITY * part + (1 - STEP_OPACITY) * 255) for part in rgb(colour)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _legend(runs: Sequence[CurveOf], looks: Sequence[Look]) -> list[LegendEntry]:
    """What lines, colours and symbols mean."""
    if len(runs) == 1:
        training, validation = looks[0].training, looks[0].validation
        return [
            LegendEntry(name="training", colour=training),
            LegendEntry(name="validation", colour=validation, line="dashed"),
            LegendEntry(
                name="lowest validation loss", colour=validation, symbol=looks[0].symbol, line="none"
            ),
        ]
    return [
        *(
            LegendEntry(name=run.title, colour=look.training, symbol=look.symbol)
            for run, look in zip(runs, looks, strict=True)
        ),
        LegendEntry(name="training", colour=LIGHT.muted),
        LegendEntry(name="validation", colour=LIGHT.muted, line="dashed"),
    ]
