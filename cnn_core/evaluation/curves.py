"""Reliability, and the two curves over every threshold: ROC and precision-recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import DataError

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RocCurve:
    """Receiver operating characteristic: one point per different score, and one before all.

    A picture is answered positive where its score is at least the threshold.

    Attributes:
        false_positives, true_positives: ``(points,)``, rising counts.
        thresholds: ``(points,)``, falling; infinite at the first point, where none is positive.
        positives, negatives: pictures of either kind.
    """

    false_positives: NDArray[np.int64]
    true_positives: NDArray[np.int64]
    thresholds: Float64
    positives: int
    negatives: int

    @property
    def false_positive_rate(self) -> Float64:
        """Share of the negatives that is answered positive, ``(points,)``."""
        return np.asarray(self.false_positives / self.negatives, np.float64)

    @property
    def true_positive_rate(self) -> Float64:
        """Share of the positives that is found, ``(points,)``: the recall."""
        return np.asarray(self.true_positives / self.positives, np.float64)

    @property
    def area(self) -> float:
        """Area under the curve by trapezoids, 0..1; equal scores make a slope, which counts them half."""
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))

    def place(self, threshold: float) -> int:
        """Index of the point where pictures with at least ``threshold`` are answered positive."""
        return _place(self.thresholds, threshold)


def roc_curve(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> RocCurve:
    """The two kinds of right and wrong at every threshold.

    Misleads where positives are rare: a small share of very many negatives can still be more
    pictures than all positives. Look at precision and recall then.

    Args:
        scores: ``(n,)``, larger for what should be positive.
        positive: ``(n,)``, the truth.

    Raises:
        DataError: all are positive, or none is.

    Reference:
        Fawcett 2006, "An introduction to ROC analysis", algorithm 1.
    """
    truth = np.asarray(positive, bool)
    count = int(truth.sum())
    if not 0 < count < truth.size:
        raise DataError(
            f"Expected pictures of the class and of others. Received: {count} of {truth.size}. "
            "Choose a set that shows both."
        )
    found, wrong, thresholds = _counts(scores, truth)
    return RocCurve(
        false_positives=np.concatenate([[0], wrong]),
        true_positives=np.concatenate([[0], found]),
        thresholds=np.concatenate([[np.inf], thresholds]),
        positives=count,
        negatives=truth.size - count,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecall:
    """Precision against recall: one point per different score, by rising recall.

    Attributes:
        precision: ``(points,)``, share of the answers that is right.
        recall: ``(points,)``, share of the positives that is found.
        thresholds: ``(points,)``, falling.
        prevalence: share of positives: the precision of answering at random.
    """

    precision: Float64
    recall: Float64
    thresholds: Float64
    prevalence: float

    @property
    def average_precision(self) -> float:
        """Sum of each gain in recall times the precision there: a stair, no trapezoids."""
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))

    def place(self, threshold: float) -> int | None:
        """Index of the point at ``threshold``; None where nobody is answered positive."""
        place = _place(self.thresholds, threshold)
        return None if place < 0 else place


def precision_recall_curve(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> PrecisionRecall:
    """Precision and recall at every threshold.

    The points must not be joined by straight lines: precision does not change linearly with
    recall, and the area would come out too large. So the curve is a stair, and its area is the
    average precision.

    Args:
        scores: ``(n,)``, larger for what should be positive.
        positive: ``(n,)``, the truth.

    Raises:
        DataError: none is positive.

    Reference:
        Davis and Goadrich 2006, "The relationship between precision-recall and ROC curves",
        where the right interpolation lies between two points; the stair leaves it out.
    """
    truth = np.asarray(positive, bool)
    if not truth.any():
        raise DataError(
            f"Expected pictures of the class. Received: none among {truth.size}. Choose a set that shows it."
        )
    found, wrong, thresholds = _counts(scores, truth)
    return PrecisionRecall(
        precision=found / (found + wrong),
        recall=found / found[-1],
        thresholds=thresholds,
        prevalence=float(truth.mean()),
    )


def _place(thresholds: Float64, threshold: float) -> int:
    """The last of the falling thresholds that is not below ``threshold``, compared in float32."""
    return int(np.searchsorted(-thresholds, -float(np.float32(threshold)), side="right")) - 1


def _counts(
    scores: NDArray[np.floating], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Float64]:
    """True and false positives at each different score, from the highest down, and those scores."""
    values = np.asarray(scores, np.float32)
    order = np.argsort(-values, kind="stable")
    ranked, truth = values[order], positive[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # the last of equal scores
    found = np.cumsum(truth, dtype=np.int64)[ends]
    return found, ends + 1 - found, ranked[ends].astype(np.float64)


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
