"""What the curves of a run say: over-fitted or not, since when, and what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]
Float64 = NDArray[np.float64]


def history_column(history: Sequence[Row], name: str) -> Float64:
    """One column of a run's history, ``(epochs,)``; NaN where a value is missing or not finite."""
    return np.array([_number(row.get(name)) for row in history], np.float64)


def history_epochs(history: Sequence[Row]) -> Float64:
    """The number of each epoch, ``(epochs,)``, counted from 1; the place of the row where it is missing."""
    places = np.arange(1, len(history) + 1, dtype=np.float64)
    epochs = history_column(history, "epoch")
    return np.where(np.isfinite(epochs), epochs, places)


def best_epoch(history: Sequence[Row]) -> int | None:
    """The epoch of the lowest validation loss, counted from 1, the first of equals; None without any."""
    losses = history_column(history, "val_loss")
    if not np.isfinite(losses).any():
        return None
    return int(history_epochs(history)[int(np.nanargmin(losses))])


def _number(value: Any) -> float:
    try:
        number = math.nan if value is None else float(value)
    except (TypeError, ValueError):  # an empty cell of the file
        return math.nan
    return number if math.isfinite(number) else math.nan
