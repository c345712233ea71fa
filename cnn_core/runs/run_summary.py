"""What a run comes to: how far it is, the figures that runs are compared by, and which epoch was saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.files import nested, read_json
from cnn_core.models.card import checkpoint_folder, finished_model_metadata, kept_epochs, model_metadata
from cnn_core.training.diagnosis.history import Float64, best_epoch, history_column, history_epochs
from cnn_core.training.run_folder import PRECISION_FILE

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView
    from cnn_core.training.settings.config import TrainingConfig

WHY_LOSS = (
    "The loss is preferred to the accuracy, because it also counts how sure each answer is, while the "
    "accuracy jumps with every photo that only just changes sides."
)


def fraction_done(run: RunView) -> float:
    """Share of the epochs that are done, 0..1."""
    if run.state == "finished":
        return 1.0
    status = run.status
    epochs = float(status.get("epochs") or run.config.epochs)
    if run.state not in ("running", "finishing") or not status.get("steps"):
        return min(1.0, len(run.history) / epochs)
    done = float(status.get("epoch", 1)) - 1 + float(status.get("step", 0)) / float(status["steps"])
    return min(1.0, max(0.0, done / epochs))


def epoch_text(run: RunView) -> str:
    """Which epoch and step a run is in."""
    status, epochs = run.status, run.config.epochs
    if run.state == "running" and status.get("steps"):
        return (
            f"Epoch {int(status['epoch'])} of {int(status.get('epochs', epochs))} · "
            f"step {int(status['step'])} of {int(status['steps'])}"
        )
    kept = f" and {run.kept_steps} steps of the next" if run.kept_steps else ""
    return f"{len(run.history)} of {epochs} epochs{kept}"


def last_accuracy(run: RunView) -> float | None:
    """Validation accuracy after the last finished epoch, 0..1."""
    values = [row["val_accuracy"] for row in run.history if "val_accuracy" in row]
    return values[-1] if values else None


def estimated_seconds(config: TrainingConfig, pictures: int, known: Sequence[RunView]) -> float | None:
    """How long a run may take, by the first ``known`` one of the same network and size; None without any."""
    network = attrgetter("preset", "input_size_px", "sizes_px")
    for run in known:
        paces = [row["images_per_second"] for row in run.history[-3:] if row.get("images_per_second")]
        if paces and network(run.config) == network(config):
            return config.epochs * pictures / (sum(paces) / len(paces))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of the run named so; None where nothing was measured yet.

    Attributes:
        accuracy, accuracy_epoch: highest validation accuracy, 0..1, and when that was, the first of equals.
        loss, loss_epoch: lowest validation loss, and when.
        gap: training less validation accuracy after the last epoch: what is memorized.
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
    names = ("accuracy", "val_accuracy", "val_loss", "seconds", "images_per_second")
    training, accuracy, losses, seconds, speed = (history_column(run.history, name) for name in names)
    best = _reduced(np.nanargmax, accuracy)
    kept = (model_metadata(checkpoint_folder(run.folder, epoch)) for epoch in kept_epochs(run.folder)[:1])
    counts = (card.get("parameters") for card in (finished_model_metadata(run.folder), *kept))
    return RunFigures(
        run=title,
        state=run.state,
        accuracy=_reduced(np.nanmax, accuracy),
        accuracy_epoch=None if best is None else int(history_epochs(run.history)[int(best)]),
        loss=_reduced(np.nanmin, losses),
        loss_epoch=best_epoch(run.history),
        gap=_reduced(np.nanmax, (training - accuracy)[-1:]),
        epochs=len(run.history),
        parameters=next((count for count in counts if isinstance(count, int)), None),
        seconds=_reduced(np.nansum, seconds),
        images_per_second=_reduced(np.nanmedian, speed),
    )


def _reduced(figure: Callable[..., Any], column: Float64) -> float | None:
    """A figure of a column as far as it is known."""
    return float(figure(column)) if np.isfinite(column).any() else None


def saved_words(run: RunView) -> str:
    """The epoch of the saved network, and the setting that keeps a better one; empty while there is none."""
    kept, best = _training(run).get("kept_epoch"), best_epoch(run.history)
    if not isinstance(kept, int) or not run.history:
        return ""
    which = {"the last": int(history_epochs(run.history)[-1]), "the one of the lowest validation loss": best}
    names = ", and ".join(name for name, epoch in which.items() if epoch == kept)
    words = f"The saved network is that of epoch {kept}{f' ({names})' if names else ''}."
    if run.config.keep == "last" and best is not None and best < kept:
        words += f" To save epoch {best} instead next time, set “Epoch to keep” to “best”, in All settings."
    return words + _why_loss(run)


def _why_loss(run: RunView) -> str:
    """Why the epoch of the lowest loss is named, where another one has the highest accuracy; else nothing."""
    accuracies, best = history_column(run.history, "val_accuracy"), best_epoch(run.history)
    if best is None or not np.isfinite(accuracies).any():
        return ""
    highest = history_epochs(run.history)[accuracies == np.nanmax(accuracies)]
    return "" if best in highest else f" The accuracy was highest in epoch {int(highest[0])}. {WHY_LOSS}"


def precision_note(run: RunView) -> str:
    """Why Evaluation may tell a slightly other accuracy than the curves; empty where it tells the same.

    The curves are validated while the network trains, in the precision of the training; what is saved
    answers in float32.
    """
    used = _training(run).get("precision_used") or read_json(run.folder / PRECISION_FILE).get("chosen")
    if not isinstance(used, str) or not used.startswith("mixed"):
        return ""
    return (
        f"Measured during the training, in {used.replace('mixed_', '')}. Evaluation asks the saved network, "
        "in float32, so that some answers on the edge may fall differently there."
    )


def _training(run: RunView) -> dict[str, Any]:
    """What the card of the saved network says of its training; empty before there is one."""
    return nested(finished_model_metadata(run.folder), "training")
