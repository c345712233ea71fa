"""What a run is doing, in words and small marks."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.runs.device_queue import device_of
from cnn_core.training.diagnosis.history import history_column
from dashboard.figures.charts.curve_ranges import Row
from dashboard.session.resources import runs

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

STATES = {"queued": "waits", "running": "training"}  # other words than those of the code
STOP_HELP = (
    "Stops after the step in work and keeps all steps so far: Resume goes on with the next one, to the same "
    "network as without the stop."
)
STOPPING = {"paused": "pausing …", "cancelled": "cancelling …"}


def state_word(run: RunView) -> str:
    """The state for people, with the place of a run that waits; that it is stopping once it was asked to."""
    if run.stopping is not None:
        return STOPPING[run.stopping]
    word = STATES.get(run.state, run.state)
    return f"{word}, place {run.queue_place}" if run.queue_place is not None else word


def stopped_text(run: RunView) -> str:
    """What of its last epoch a stopped run has kept, or trains again when it goes on; nothing for others."""
    if run.kept_steps:
        return " · all kept; Resume goes on with the next step"
    status = run.status
    epoch, step, steps = (int(status.get(name) or 0) for name in ("epoch", "step", "steps"))
    between = epoch != len(run.history) + 1 or not 0 < step < steps
    if run.is_alive or run.state == "finished" or between:
        return ""
    return f" · {step} of {steps} steps of epoch {epoch} discarded; Resume trains that epoch anew"


def chip_html(run: RunView) -> str:
    """The state as a small label; told by its word, not by its colour alone."""
    return f"<span class='chip chip-{html.escape(run.state)}'>{html.escape(state_word(run))}</span>"


def share_text(share: float) -> str:
    """An accuracy as ``70.2 %``."""
    return f"{100 * share:.1f}\u00a0%"


def started(run: RunView) -> str:
    """When a run was launched, short: the time of today, else the date too."""
    then = time.localtime(run.created)
    today = time.strftime("%Y%m%d", then) == time.strftime("%Y%m%d")
    return time.strftime("%H:%M" if today else "%d %b %H:%M", then)


def duration(seconds: float) -> str:
    """A time that people can take in at a glance."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"


def time_left(run: RunView) -> str:
    """How long a run that trains still takes, or that this is not known yet; empty for one that does not."""
    if run.state != "running" or run.stopping is not None:
        return ""
    seconds = run.status.get("seconds_left")
    return "estimating the time left" if seconds is None else f"about {duration(float(seconds))} left"


def run_on_its_way(device: str | None = None) -> RunView | None:
    """The run that trains, else the one that is next; None when nothing is going on.

    Args:
        device: that it takes, ``gpu`` or ``cpu``; None for any.
    """
    alive = [run for run in runs().all() if run.is_alive and device in (None, device_of(run.config.device))]
    trained = [run for run in alive if run.state != "queued"]
    return (trained or sorted(alive, key=lambda run: run.queue_place or 0) or [None])[0]


def history_arrays(rows: Sequence[Row]) -> dict[str, NDArray[np.float64]]:
    """Every column of some rows by its name, ``(rows,)``; NaN where a value is missing."""
    names: dict[str, Any] = {name: None for row in rows for name in row}
    return {name: history_column(rows, name) for name in names}
