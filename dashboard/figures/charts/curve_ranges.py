"""Axes that show what matters of a run: a spike must not squash its curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.training.diagnosis.history import history_column

Values = NDArray[np.float64]
Points = NDArray[np.float32]
Range = tuple[float, float]
Row = Mapping[str, Any]

EMPTY_LOSS: Range = (0.0, 1.0)
EMPTY_ACCURACY: Range = (0.5, 1.0)
# Times the largest loss that lasts longer than one epoch: more is a spike, and cut off.
SPIKE_FACTOR = 3.0
# Times the top of the lowest run: a run far above the others would hide them.
RUN_FACTOR = 5.0
LOW_PERCENT, HIGH_PERCENT = 5, 95  # of the live line, which is noisy
ACCURACY_STEP = 0.05
MOST_TICKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveOf:
    """What is drawn of one run.

    Attributes:
        title: of the run.
        history: a row per finished epoch with ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and
            ``val_accuracy``; values may be missing (None, empty, NaN).
        steps: a row per group of batches with ``epoch``, ``step``, ``steps``, ``loss`` and
            ``accuracy``; drawn as a faint line.
        epochs: how many are planned, so that the axis shows how far the run has come; None ends it
            at the last one.
    """

    title: str
    history: Sequence[Row]
    steps: Sequence[Row] = ()
    epochs: int | None = None


def loss_range(runs: Sequence[CurveOf]) -> Range:
    """From 0, or from below the lowest loss where all are far from 0, to the highest that is no spike."""
    values = [kept for run in runs for kept in _parts(run, "loss") if kept.size]
    tops = [max(_without_spikes(part).max() for part in parts) for run in runs if (parts := _filled(run))]
    if not values or not tops:
        return EMPTY_LOSS
    top = max(top for top in tops if top <= RUN_FACTOR * max(min(tops), 1e-6))
    low = min(float(part.min()) for part in values)
    pad = 0.06 * max(top - low, 0.02)
    return (0.0 if low < 0.5 * top else low - pad, top + pad)


def accuracy_range(runs: Sequence[CurveOf]) -> Range:
    """The steps of 5 % around all values, at least two of them, never outside 0..1 by more than a line."""
    values = [part for run in runs for part in _parts(run, "accuracy") if part.size]
    if not values:
        return EMPTY_ACCURACY
    low, high = min(float(part.min()) for part in values), max(float(part.max()) for part in values)
    bottom = max(0.0, np.floor(low / ACCURACY_STEP) * ACCURACY_STEP)
    top = min(1.0, max(np.ceil(high / ACCURACY_STEP), bottom / ACCURACY_STEP + 2) * ACCURACY_STEP)
    bottom = min(bottom, top - 2 * ACCURACY_STEP)
    edge = 0.03 * (top - bottom)  # a line along the border stays whole
    return (float(bottom - edge), float(top + edge))


def epoch_ticks(last: float) -> float:
    """Whole epochs between two ticks: 1, 2, 5, 10, 20, ... so that there are at most eight."""
    step = 1.0
    for factor in (2, 2.5, 2) * 9:
        if last / step <= MOST_TICKS:
            break
        step *= factor
    return step


def step_line(steps: Sequence[Row], metric: str, most: int) -> tuple[Points, Points]:
    """The live line: place in epochs and value, at most ``most`` points, each the mean of a group.

    Args:
        steps: rows as in ``CurveOf``.
        metric: ``loss`` or ``accuracy``.
        most: points.

    Returns:
        Two arrays ``(points,)``, float32; step 30 of 120 in epoch 2 lies at 1.25.
    """
    of, values = history_column(steps, "steps"), history_column(steps, metric)
    positions = (
        history_column(steps, "epoch") - 1 + history_column(steps, "step") / np.where(of > 0, of, np.nan)
    )
    usable = np.isfinite(positions) & np.isfinite(values)
    x, y = positions[usable], values[usable]
    starts = np.arange(0, x.size, math.ceil(max(x.size, 1) / max(most, 1)))
    sizes = np.diff(np.append(starts, x.size))
    if not x.size:
        return x.astype(np.float32), y.astype(np.float32)
    return (
        (np.add.reduceat(x, starts) / sizes).astype(np.float32),
        (np.add.reduceat(y, starts) / sizes).astype(np.float32),
    )


def _filled(run: CurveOf) -> list[Values]:
    return [part for part in _parts(run, "loss") if part.size]


def _parts(run: CurveOf, metric: str) -> list[Values]:
    """The finite values of both splits, and the middle of the live line."""
    columns = [history_column(run.history, name) for name in (metric, f"val_{metric}")]
    live = history_column(run.steps, metric)
    live = live[np.isfinite(live)]
    middle = np.percentile(live, [LOW_PERCENT, HIGH_PERCENT]) if live.size else live
    return [*(column[np.isfinite(column)] for column in columns), middle]


def _without_spikes(values: Values) -> Values:
    """All but those far above everything that lasts for two epochs."""
    if values.size < 3:
        return values
    padded = np.concatenate([values[:1], values, values[-1:]])
    lasting = np.minimum(values, np.maximum(padded[:-2], padded[2:]))
    # The first and the last value have one neighbour only.
    lasting[0], lasting[-1] = min(values[:2]), min(values[-2:])
    return np.asarray(values[values <= SPIKE_FACTOR * lasting.max()], np.float64)
