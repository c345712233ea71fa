"""How far a run is, and how long one may take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView
    from cnn_core.training.settings.config import TrainingConfig


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
    return f"{len(run.history)} of {epochs} epochs"


def last_accuracy(run: RunView) -> float | None:
    """Validation accuracy after the last finished epoch, 0..1."""
    values = [row["val_accuracy"] for row in run.history if "val_accuracy" in row]
    return values[-1] if values else None


def estimated_seconds(config: TrainingConfig, pictures: int, known: Sequence[RunView]) -> float | None:
    """How long a run may take, by the first ``known`` one of the same network and size; None without any."""
    for run in known:
        same = (run.config.preset, run.config.input_size_px, run.config.sizes_px)
        if same != (config.preset, config.input_size_px, config.sizes_px) or not run.history:
            continue
        paces = [row["images_per_second"] for row in run.history[-3:] if row.get("images_per_second")]
        if paces:
            return config.epochs * pictures / (sum(paces) / len(paces))
    return None
