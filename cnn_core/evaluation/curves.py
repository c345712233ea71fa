"""Reliability, and the two curves over every threshold: ROC and precision-recall."""

from __future__ import annotations

from collections.abc import Sequence
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
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> Reliability:
    """Sort answers into equal bins of their confidence.

    A bin takes its lower edge; the last one takes 1 as well. A bin with few answers says little,
    so look at its count; and a model that always answers with the share of the classes is
    perfectly calibrated and useless.

    Args:
        confidence: ``(n,)``, 0..1, probability of the class that was answered.
        correct: ``(n,)``, whether the answer was the true class.
        bins: how many.

    Reference:
        Guo et al. 2017, "On calibration of modern neural networks", with 15 bins.
    """
    values = np.asarray(confidence, np.float64)
    positions = np.minimum((values * bins).astype(np.int64), bins - 1)
    counts = np.bincount(positions, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN of an empty bin
        return Reliability(
            edges=np.linspace(0, 1, bins + 1),
            counts=counts,
            confidence=np.bincount(positions, values, bins) / counts,
            accuracy=np.bincount(positions, np.asarray(correct, np.float64), bins) / counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RocCurve:
    """Receiver operating characteristic: one point per different score, and one before all.

    A picture is answered positive where its score is at least the threshold.

    Attributes:
        false_positive_rate: ``(points,)``, rising; share of the negatives that is answered positive.
        true_positive_rate: ``(points,)``, rising; share of the positives that is found: the recall.
        thresholds: ``(points,)``, falling; infinite at the first point, where none is positive.
        area: under the curve by trapezoids, 0..1; equal scores make a slope, which counts them half.
        positives, negatives: pictures of either kind.
    """

    false_positive_rate: Float64
    true_positive_rate: Float64
    thresholds: Float64
    area: float
    positives: int
    negatives: int

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
    from sklearn import metrics

    count = int(positive.sum())
    if not 0 < count < positive.size:
        raise DataError(
            f"Expected pictures of the class and of others. Received: {count} of {positive.size}. "
            "Choose a set that shows both."
        )
    found = metrics.roc_curve(positive, np.asarray(scores, np.float32), drop_intermediate=False)
    false_positive_rate, true_positive_rate, thresholds = (np.asarray(one, np.float64) for one in found)
    return RocCurve(
        false_positive_rate=false_positive_rate,
        true_positive_rate=true_positive_rate,
        thresholds=thresholds,
        area=float(metrics.auc(false_positive_rate, true_positive_rate)),
        positives=count,
        negatives=positive.size - count,
    )


def best_threshold(curve: RocCurve, among: Sequence[float]) -> float:
    """The threshold with the most right answers on these very pictures, so a little too good for others.

    Args:
        curve: of the class that is answered at the threshold and above.
        among: those that can be chosen, 0..1, say the steps of a slider.

    Returns:
        One of ``among``; of several equally good ones the one nearest to one half, the lower one of two.
    """
    correct = np.rint(curve.true_positive_rate * curve.positives)
    wrong = np.rint(curve.false_positive_rate * curve.negatives)
    reached = {threshold: (correct - wrong)[curve.place(threshold)] for threshold in among}
    best = [threshold for threshold in among if reached[threshold] == max(reached.values())]
    return min(best, key=lambda threshold: (round(abs(threshold - 0.5), 9), threshold))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecall:
    """Precision against recall: one point per different score, by rising recall.

    Attributes:
        precision: ``(points,)``, share of the answers that is right.
        recall: ``(points,)``, share of the positives that is found.
        thresholds: ``(points,)``, falling.
        prevalence: share of positives: the precision of answering at random.
        average_precision: sum of each gain in recall times the precision there: a stair, no trapezoids.
    """

    precision: Float64
    recall: Float64
    thresholds: Float64
    prevalence: float
    average_precision: float

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
    from sklearn import metrics

    if not positive.any():
        raise DataError(
            f"Expected pictures of the class. Received: none among {positive.size}. "
            "Choose a set that shows it."
        )
    values = np.asarray(scores, np.float32)
    precision, recall, thresholds = metrics.precision_recall_curve(positive, values)
    return PrecisionRecall(
        precision=precision[-2::-1],  # without the last point, which no threshold reaches
        recall=recall[-2::-1],
        thresholds=np.asarray(thresholds[::-1], np.float64),
        prevalence=float(positive.mean()),
        average_precision=float(metrics.average_precision_score(positive, values)),
    )


def _place(thresholds: Float64, threshold: float) -> int:
    """The last of the falling thresholds that is not below ``threshold``, compared in float32."""
    return int(np.searchsorted(-thresholds, -float(np.float32(threshold)), side="right")) - 1
