"""How good a model is, from its probabilities and the truth; and which pictures stand behind a figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.evaluation.curves import Reliability, rank_area, reliability
from cnn_core.evaluation.predictions import Predictions, answers, probability_of

Int64 = NDArray[np.int64]

Z_95 = 1.959963984540054  # the normal distribution has 95 % within this many standard deviations
SMALLEST_PROBABILITY = 1e-7  # keeps the loss of a certain mistake finite, as Keras does


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryEvaluation:
    """Figures of a two-class model on one set.

    Attributes:
        pictures: how many.
        loss: mean binary cross-entropy in nats.
        accuracy: share answered right at a threshold of one half.
        auc: area under the receiver operating characteristic; None where only one class is shown.
        confusion: ``[true][answered]`` counts, class 0 first.
        calibration_error: expected calibration error over 15 equal bins of the confidence in the
            answer (Guo et al. 2017).
    """

    pictures: int
    loss: float
    accuracy: float
    auc: float | None
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
    clipped = np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    counts = [[int(np.sum((y == t) & (answered == a))) for a in (0, 1)] for t in (0, 1)]
    return BinaryEvaluation(
        pictures=p.size,
        loss=float(-np.mean(np.where(y == 1, np.log(clipped), np.log1p(-clipped)))),
        accuracy=float(np.mean(answered == y)),
        auc=rank_area(p, y == 1),
        confusion=((counts[0][0], counts[0][1]), (counts[1][0], counts[1][1])),
        calibration_error=reliability(np.where(answered == 1, p, 1 - p), answered == y).calibration_error,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """Figures of one class against all others. None is a share of nothing.

    Attributes:
        name: of the class.
        pictures: how many show it.
        answered: how many got it as answer.
        right: how many of either are the same pictures.
        precision: share of ``answered`` that is right.
        recall: share of ``pictures`` that is right.
        f1: harmonic mean of the two.
        auc: area under the ROC curve of its probability; does not depend on the threshold.
    """

    name: str
    pictures: int
    answered: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of a model on one set; plain values that fit into JSON.

    Attributes:
        pictures, right: how many, and how many of them were answered right.
        accuracy: share that is right. Misleads where one class is rare: see ``balanced_accuracy``.
        accuracy_interval: 95 % interval of it (low, high), see ``accuracy_interval``.
        balanced_accuracy: mean recall of the classes that the set shows (Brodersen et al. 2010).
        loss: mean cross-entropy in nats.
        auc: area under the ROC curve; for more than two classes the mean of each class against
            the others. None where only one class is shown.
        confusion: ``[true][answered]`` counts.
        classes: figures of each class.
        calibration_error: expected calibration error of the most probable class, 15 bins
            (Guo et al. 2017).
    """

    pictures: int
    right: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced_accuracy: float
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
        threshold: see ``predictions.answers``.
    """
    counts = confusion_matrix(predictions, threshold)
    right = int(np.trace(counts))
    classes = _class_scores(predictions, counts)
    recalls = [scores.recall for scores in classes if scores.recall is not None]
    # Two classes have one curve: that of class 1. The mirrored one could differ by rounding only.
    areas = [s.auc for s in (classes[1:] if predictions.two_classes else classes) if s.auc is not None]
    return Evaluation(
        pictures=predictions.pictures,
        right=right,
        accuracy=right / predictions.pictures,
        accuracy_interval=accuracy_interval(right, predictions.pictures),
        balanced_accuracy=math.fsum(recalls) / len(recalls),
        loss=log_loss(predictions),
        auc=math.fsum(areas) / len(areas) if areas else None,
        confusion=tuple(tuple(int(count) for count in row) for row in counts),
        classes=classes,
        calibration_error=calibration(predictions).calibration_error,
    )


def confusion_matrix(predictions: Predictions, threshold: float = 0.5) -> Int64:
    """Pictures per true class (row) and answered class (column), ``(classes, classes)``."""
    count = len(predictions.classes)
    cells = predictions.labels * count + answers(predictions, threshold)
    return np.bincount(cells, minlength=count * count).reshape(count, count)


def confusion_members(predictions: Predictions, true: int, answered: int, threshold: float = 0.5) -> Int64:
    """The pictures behind one cell of the confusion matrix, most confident answer first.

    Raises:
        InvalidRequestError: no such class.
    """
    count = len(predictions.classes)
    if not (0 <= true < count and 0 <= answered < count):
        raise InvalidRequestError(
            f"Expected two classes from 0 to {count - 1}. Received: true={true}, answered={answered}. "
            "Choose a cell of the matrix."
        )
    given = answers(predictions, threshold)
    return _confident_first(predictions, given, (predictions.labels == true) & (given == answered))


def worst_mistakes(predictions: Predictions, count: int | None = None, threshold: float = 0.5) -> Int64:
    """The pictures that were answered wrong with the highest probability, worst first.

    Args:
        predictions: probabilities and truth.
        count: at most so many; None gives all mistakes.
        threshold: see ``predictions.answers``.
    """
    given = answers(predictions, threshold)
    return _confident_first(predictions, given, given != predictions.labels)[:count]


def accuracy_interval(right: int, pictures: int) -> tuple[float, float]:
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
    if not (pictures > 0 and 0 <= right <= pictures):
        raise ValueError(f"Expected 0 to n right of n > 0 pictures. Received: {right} of {pictures}.")
    share, weight = right / pictures, Z_95**2 / pictures
    middle = (share + weight / 2) / (1 + weight)
    reach = math.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    # The ends are exactly 0 and 1 there; rounding must not say otherwise.
    return (0.0 if right == 0 else middle - reach, 1.0 if right == pictures else middle + reach)


def calibration(predictions: Predictions) -> Reliability:
    """How often the most probable class is right, by its probability; without the threshold."""
    answered = answers(predictions)
    return reliability(probability_of(predictions, answered), answered == predictions.labels)


def log_loss(predictions: Predictions) -> float:
    """Mean cross-entropy in nats; probabilities below 1e-7 count as that."""
    of_truth = probability_of(predictions, predictions.labels).astype(np.float64)
    return float(-np.mean(np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))))


def _class_scores(predictions: Predictions, counts: Int64) -> tuple[ClassScores, ...]:
    rows = []
    for index, name in enumerate(predictions.classes):
        right, shown, given = (
            int(n) for n in (counts[index, index], counts[index].sum(), counts[:, index].sum())
        )
        rows.append(
            ClassScores(
                name=name,
                pictures=shown,
                answered=given,
                right=right,
                precision=_share(right, given),
                recall=_share(right, shown),
                f1=_share(2 * right, shown + given),
                auc=rank_area(predictions.probabilities[:, index], predictions.labels == index),
            )
        )
    return tuple(rows)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _confident_first(predictions: Predictions, given: Int64, chosen: NDArray[np.bool_]) -> Int64:
    """Indices of the chosen pictures by falling probability of their answer, equals in their order."""
    order = np.argsort(-probability_of(predictions, given), kind="stable")
    return order[chosen[order]].astype(np.int64)
