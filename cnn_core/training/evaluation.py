"""How good a two-class model is, from its probabilities and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryEvaluation:
    """Figures of a two-class model on one set.

    Attributes:
        pictures: how many.
        loss: mean binary cross-entropy in nats.
        accuracy: share answered right at a threshold of one half.
        auc: area under the receiver operating characteristic.
        confusion: ``[true][answered]`` counts, class 0 first.
        calibration_error: expected calibration error over 15 equal bins of the confidence in the
            answer (Guo et al. 2017).
    """

    pictures: int
    loss: float
    accuracy: float
    auc: float
    confusion: tuple[tuple[int, int], tuple[int, int]]
    calibration_error: float


def evaluate_binary(probabilities: NDArray[np.floating], labels: NDArray[np.floating]) -> BinaryEvaluation:
    """Evaluate the probabilities of class 1.

    Args:
        probabilities: ``(n,)``, 0..1, of class 1.
        labels: ``(n,)``, 0 or 1.

    Raises:
        ValueError: no pictures, or shapes differ.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(labels).astype(int)
    if p.shape != y.shape or p.ndim != 1 or p.size == 0:
        raise ValueError(f"Expected two equal one-dimensional arrays. Received: {p.shape} and {y.shape}.")
    answered = (p >= 0.5).astype(int)
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    counts = [[int(np.sum((y == t) & (answered == a))) for a in (0, 1)] for t in (0, 1)]
    return BinaryEvaluation(
        pictures=p.size,
        loss=float(-np.mean(np.where(y == 1, np.log(clipped), np.log1p(-clipped)))),
        accuracy=float(np.mean(answered == y)),
        auc=_auc(p, y),
        confusion=((counts[0][0], counts[0][1]), (counts[1][0], counts[1][1])),
        calibration_error=_calibration_error(np.where(answered == 1, p, 1 - p), answered == y),
    )


def _auc(p: NDArray[np.float64], y: NDArray[np.int_]) -> float:
    """Chance that a random positive outranks a random negative, ties counting half."""
    positives, negatives = np.sort(p[y == 1]), np.sort(p[y == 0])
    if positives.size == 0 or negatives.size == 0:
        return 0.5
    below = np.searchsorted(negatives, positives, "left")
    not_above = np.searchsorted(negatives, positives, "right")
    return float(np.mean((below + not_above) / 2) / negatives.size)


def _calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b)
        for b in np.unique(bins)
    ]
    return float(np.sum(gaps))
