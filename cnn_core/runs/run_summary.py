"""What a run comes to, in the figures that runs are compared by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.models.card import checkpoint_folder, finished_model_metadata, kept_epochs, model_metadata
from cnn_core.training.diagnosis.history import best_epoch, history_column, history_epochs

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of the run named so; None where nothing was measured yet.

    Attributes:
        accuracy, accuracy_epoch: highest validation accuracy, 0..1, and when that was, the first of equals.
        loss, loss_epoch: lowest validation loss, and when.
        gap: training less validation accuracy after the last epoch: what it knows by heart.
        epochs, seconds: finished ones, and what they took together.
        images_per_second: in the median epoch.
    """

    run: str
    state: str
    accuracy: float | None
    accuracy_epoch: int | None
    loss: float | None
    loss_epoch: int | None
    gap: float | None
    epochs: int
    parameters: int | None
    seconds: float | None
    images_per_second: float | None


def run_figures(run: RunView, title: str) -> RunFigures:
    """The figures of a run from its history, and from the card of its finished model or a kept epoch."""
    history = run.history
    accuracy, epochs = history_column(history, "val_accuracy"), history_epochs(history)
    losses, speed = history_column(history, "val_loss"), history_column(history, "images_per_second")
    gaps = history_column(history, "accuracy") - accuracy
    seconds = history_column(history, "seconds")
    highest = int(np.nanargmax(accuracy)) if np.isfinite(accuracy).any() else None
    kept = (model_metadata(checkpoint_folder(run.folder, epoch)) for epoch in kept_epochs(run.folder)[:1])
    counts = (card.get("parameters") for card in (finished_model_metadata(run.folder), *kept))
    return RunFigures(
        run=title,
        state=run.state,
        accuracy=None if highest is None else float(accuracy[highest]),
        accuracy_epoch=None if highest is None else int(epochs[highest]),
        loss=float(np.nanmin(losses)) if np.isfinite(losses).any() else None,
        loss_epoch=best_epoch(history),
        gap=float(gaps[-1]) if len(gaps) and math.isfinite(gaps[-1]) else None,
        epochs=len(history),
        parameters=next((count for count in counts if isinstance(count, int)), None),
        seconds=float(np.nansum(seconds)) if np.isfinite(seconds).any() else None,
        images_per_second=float(np.nanmedian(speed)) if np.isfinite(speed).any() else None,
    )
