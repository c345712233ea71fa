"""How good a model is, from its probabilities and the truth; and which pictures stand behind a figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.evaluation.curves import Reliability, reliability
from cnn_core.evaluation.predictions import Predictions, predicted_labels, probability_of

Int64 = NDArray[np.int64]

SMALLEST_PROBABILITY = 1e-7  # keeps the loss of a certain mistake finite, as Keras does


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """Figures of one class against all others.

    Attributes:
        name: of the class.
        pictures: how many show it.
        predicted: how many got it as answer.
        correct: how many of either are the same pictures; a share of ``predicted`` is the precision.
    """

    name: str
    pictures: int
    predicted: int
    correct: int

    @property
    def recall(self) -> float | None:
        """Share of ``pictures`` that is right; None where there are none."""
        return self.correct / self.pictures if self.pictures > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of a model on one set; plain values that fit into JSON.

    Attributes:
        pictures, correct: how many, and how many of them were answered right.
        accuracy: share that is right. Misleads where one class is rare: see the recall of each class.
        accuracy_interval: 95 % interval of it (low, high), see ``accuracy_interval``.
        loss: mean cross-entropy in nats.
        auc: area under the ROC curve; for more than two classes the mean of each class against
            the others. None where only one class is shown.
        confusion: ``[true][predicted]`` counts.
        classes: figures of each class.
        calibration_error: expected calibration error of the most probable class, 15 bins
            (Guo et al. 2017).
    """

    pictures: int
    correct: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    loss: float
    auc: float | None
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[ClassScores, ...]
    calibration_error: float


def evaluate(predictions: Predictions, threshold: float = 0.5) -> Evaluation:
    """Evaluate a model with any number of classes.

    Loss, areas and calibration do not depend on the threshold; all else does.

    Args:
        predictions: probabilities and truth.
        threshold: see ``predictions.predicted_labels``.
    """
    from sklearn import metrics

    positions = range(len(predictions.classes))
    counts = metrics.confusion_matrix(
        predictions.labels, predicted_labels(predictions, threshold), labels=positions
    )
    correct = int(np.trace(counts))
    figures = zip(predictions.classes, counts.sum(axis=1), counts.sum(axis=0), np.diag(counts), strict=True)
    return Evaluation(
        pictures=predictions.pictures,
        correct=correct,
        accuracy=correct / predictions.pictures,
        accuracy_interval=accuracy_interval(correct, predictions.pictures),
        loss=log_loss(predictions),
        auc=_area(predictions),
        confusion=tuple(tuple(row) for row in counts.tolist()),
        classes=tuple(
            ClassScores(name=name, pictures=int(shown), predicted=int(given), correct=int(both))
            for name, shown, given, both in figures
        ),
        calibration_error=calibration(predictions).calibration_error,
    )


def _area(predictions: Predictions) -> float | None:
    """Area under the ROC curve, the mean over the classes that the set shows."""
    from sklearn import metrics

    shown = np.unique(predictions.labels).tolist()
    if len(shown) < 2:
        return None
    # Two classes have one curve: that of class 1. The mirrored one could differ by rounding only.
    areas = [
        float(metrics.roc_auc_score(predictions.labels == index, predictions.probabilities[:, index]))
        for index in (shown[1:] if predictions.two_classes else shown)
    ]
    return math.fsum(areas) / len(areas)


def indices_in_cell(predictions: Predictions, true: int, predicted: int, threshold: float = 0.5) -> Int64:
    """The pictures behind one cell of the confusion matrix, most confident answer first.

    Raises:
        InvalidRequestError: no such class.
    """
    count = len(predictions.classes)
    if not (0 <= true < count and 0 <= predicted < count):
        raise InvalidRequestError(
            f"Expected two classes from 0 to {count - 1}. Received: true={true}, answered={predicted}. "
            "Choose a cell of the matrix."
        )
    given = predicted_labels(predictions, threshold)
    return _confident_first(predictions, given, (predictions.labels == true) & (given == predicted))


def worst_mistakes(predictions: Predictions, count: int | None = None, threshold: float = 0.5) -> Int64:
    """The pictures that were answered wrong with the highest probability, worst first.

    Args:
        predictions: probabilities and truth.
        count: at most so many; None gives all mistakes.
        threshold: see ``predictions.predicted_labels``.
    """
    given = predicted_labels(predictions, threshold)
    return _confident_first(predictions, given, given != predictions.labels)[:count]


def accuracy_interval(correct: int, pictures: int) -> tuple[float, float]:
    """95 % score interval of a share, 0..1, low and high.

    Other than the usual normal interval it is never empty and never leaves 0..1, also where all
    or none are right. It knows of chance in the choice of the pictures only, not of another
    camera or another training.

    Raises:
        ValueError: no pictures, or more right than there are.

    Reference:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference",
        without continuity correction.
    """
    from scipy import stats

    interval = stats.binomtest(correct, pictures).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def calibration(predictions: Predictions) -> Reliability:
    """How often the most probable class is right, by its probability; without the threshold."""
    predicted = predicted_labels(predictions)
    return reliability(probability_of(predictions, predicted), predicted == predictions.labels)


def log_loss(predictions: Predictions) -> float:
    """Mean cross-entropy in nats; probabilities below 1e-7 count as that.

    By hand: scikit-learn's cuts off elsewhere than Keras, and this one is asked after every epoch.
    """
    of_truth = probability_of(predictions, predictions.labels).astype(np.float64)
    return float(-np.mean(np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))))


def _confident_first(predictions: Predictions, given: Int64, chosen: NDArray[np.bool_]) -> Int64:
    """Indices of the chosen pictures by falling probability of their answer, equals in their order."""
    order = np.argsort(-probability_of(predictions, given), kind="stable")
    return order[chosen[order]].astype(np.int64)
