"""Which epoch the saved network of a run holds, how to keep another, and why its accuracy is told twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.files import nested, read_json
from cnn_core.models.card import finished_model_metadata
from cnn_core.training.diagnosis.history import best_epoch, history_column, history_epochs
from cnn_core.training.run_folder import PRECISION_FILE

if TYPE_CHECKING:
    from cnn_core.runs.run_view import RunView

WHY_LOSS = (
    "The loss is preferred to the accuracy, because it also counts how sure each answer is, while the "
    "accuracy jumps with every photo that only just changes sides."
)


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

    The curves are judged while the network trains, in the precision of the training; what is saved
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
