"""Reliability, and the two curves over every threshold: ROC and precision-recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reliability:
    """How often answers of some confidence are right, in equal bins of the confidence.

    Attributes:
        edges: ``(bins + 1,)``, 0..1, of the bins.
        counts: ``(bins,)``, answers in each.
        confidence: ``(bins,)``, mean confidence; NaN in an empty bin.
        accuracy: ``(bins,)``, share that is right; NaN in an empty bin.
    """

    edges: Float64
    counts: NDArray[np.int64]
    confidence: Float64
    accuracy: Float64

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: mean gap of confidence and accuracy, weighted by the counts."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float(np.average(gaps, weights=self.counts[filled]))


def reliability(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> Reliability:
    """Sort answers into equal bins of their confidence.

    A bin takes its lower edge; the last one takes 1 as well. A bin with few answers says little,
    so look at its count; and a model that always answers with the share of the classes is
    perfectly calibrated and useless.

    Args:
        confidence: ``(n,)``, 0..1, probability of the class that was answered.
        right: ``(n,)``, whether the answer was the true class.
        bins: how many.

    Reference:
        Guo et al. 2017, "On calibration of modern neural networks", with 15 bins.
    """
    values = np.asarray(confidence, np.float64)
    places = np.minimum((values * bins).astype(np.int64), bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN of an empty bin
        return Reliability(
            edges=np.linspace(0, 1, bins + 1),
            counts=counts,
            confidence=np.bincount(places, values, bins) / counts,
            accuracy=np.bincount(places, np.asarray(right, np.float64), bins) / counts,
        )


def rank_area(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float | None:
    """Chance that a random positive outranks a random negative, ties counting half.

    The area under the ROC curve (Hanley and McNeil 1982).

    Args:
        scores: ``(n,)``, larger for what should be positive.
        positive: ``(n,)``, the truth.

    Returns:
        0..1; None where all are positive or none is.
    """
    positives, negatives = np.sort(scores[positive]), np.sort(scores[~positive])
    if positives.size == 0 or negatives.size == 0:
        return None
    below = np.searchsorted(negatives, positives, "left")
    not_above = np.searchsorted(negatives, positives, "right")
    return float(np.mean((below + not_above) / 2) / negatives.size)
