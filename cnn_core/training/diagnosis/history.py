"""The rows of a run's history as curves: columns, the best epoch, smoothing, noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]
Float64 = NDArray[np.float64]

FEWEST_EPOCHS = 3  # of a curve that can be smoothed
SHORT_EPOCHS = 5  # fewer have so few second differences that every bend would be taken for noise
# Median of absolute values of a normal distribution, and the spread of its second differences.
MEDIAN_TO_SPREAD, SECOND_DIFFERENCES = 1.4826, math.sqrt(6)


def number(value: Any) -> float | None:
    """A cell of a history as a number, perhaps NaN or infinite; None where it is missing."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):  # an empty cell of the file
        return None


def history_column(history: Sequence[Row], name: str) -> Float64:
    """One column of a run's history, ``(epochs,)``; NaN where a value is missing or not finite."""
    cells = (number(row.get(name)) for row in history)
    values = np.array([math.nan if cell is None else cell for cell in cells], np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def history_epochs(history: Sequence[Row]) -> Float64:
    """The number of each epoch, ``(epochs,)``, counted from 1; the place of the row where it is missing."""
    positions = np.arange(1, len(history) + 1, dtype=np.float64)
    epochs = history_column(history, "epoch")
    return np.where(np.isfinite(epochs), epochs, positions)


def best_epoch(history: Sequence[Row]) -> int | None:
    """The epoch of the lowest validation loss, counted from 1, the first of equals; None without any."""
    losses = history_column(history, "val_loss")
    if not np.isfinite(losses).any():
        return None
    return int(history_epochs(history)[int(np.nanargmin(losses))])


def smoothed(values: Float64) -> Float64:
    """Tukey's 3H of a curve ``(n,)`` of finite values; both ends by his rule, so that a trend goes on.

    Of three values only the middle one is replaced: there is no trend yet that the ends could be held
    against, and a mean would spread one of them over the middle.
    """
    if values.size < FEWEST_EPOCHS:
        return values.copy()
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    if values.size == FEWEST_EPOCHS:
        return np.concatenate([values[:1], middle, values[-1:]])
    first = np.median([values[0], middle[0], _beyond(middle)])
    last = np.median([values[-1], middle[-1], _beyond(middle[::-1])])
    medians = np.concatenate([[first], middle, [last]])
    means = medians.copy()
    means[1:-1] = (medians[:-2] + 2 * medians[1:-1] + medians[2:]) / 4
    return means


def _beyond(middle: Float64) -> float:
    """Where the line through the first two values would be two places before them."""
    return float(3 * middle[0] - 2 * middle[1])


def noise(values: Float64) -> float:
    """Standard deviation of what jumps from one point of a curve ``(n,)`` to the next.

    From the median of the second differences, which are small where the curve is smooth; a bend is
    taken for noise, so that it comes out too large rather than too small. Of up to four values: the
    largest step against what a curve does that falls to its lowest point and rises from there.
    """
    if values.size < FEWEST_EPOCHS:
        return 0.0
    if values.size < SHORT_EPOCHS:
        steps, lowest = np.diff(values), int(np.argmin(values))
        return float(max(0.0, steps[:lowest].max(initial=0.0), -steps[lowest:].min(initial=0.0)))
    return float(MEDIAN_TO_SPREAD * np.median(np.abs(np.diff(values, 2))) / SECOND_DIFFERENCES)
