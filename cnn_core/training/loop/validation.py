"""How a network in training is validated: by the same functions as a finished model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import DivergedError, NotFiniteError
from cnn_core.evaluation.predictions import Predictions, predicted_labels
from cnn_core.evaluation.scores import log_loss


def predictions_of(probabilities: NDArray[np.float32], files: LabelledFiles) -> Predictions:
    """The answers ``(n, classes)`` to a set, with its truth.

    Raises:
        NotFiniteError: a probability that is no number.
    """
    return Predictions(
        probabilities=probabilities,
        labels=np.asarray(files.labels, np.int64),
        paths=tuple(str(path) for path in files.paths),
        classes=files.classes,
    )


def loss_and_accuracy(probabilities: NDArray[np.float32], files: LabelledFiles) -> tuple[float, float]:
    """Mean cross-entropy in nats, NaN where a probability is no number, and share of right answers."""
    try:
        found = predictions_of(probabilities, files)
    except NotFiniteError:
        return math.nan, 0.0
    return log_loss(found), float(np.mean(predicted_labels(found) == found.labels))


def check_finite(loss: float, epoch: int, step: int) -> None:
    """Refuse to go on with a loss in nats that is no number; ``epoch`` counts from 0, ``step`` from 1.

    Raises:
        DivergedError: it is infinite, or NaN.
    """
    if not math.isfinite(loss):
        raise DivergedError(
            f"Expected a loss that is a number. Received: {loss} in epoch {epoch + 1}, step {step}. "
            "Start anew with a lower learning rate, a tenth say."
        )
