"""What a model answered to every picture of a set, and the truth: the ground of its evaluation."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.factors import factors_of
from cnn_core.errors import DataError
from cnn_core.files import replacing
from cnn_core.results import check_lengths, frozen_array

# Softmax in float32 sums to 1 within 1e-6; a network that answers in bfloat16 within its 8 bits.
SUM_TOLERANCE = 0.02
FIELDS = ("probabilities", "labels", "paths")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Probabilities and truth of the pictures of one set.

    Attributes:
        probabilities: ``(n, classes)``, 0..1, rows sum to 1; two columns for one sigmoid unit
            (see ``two_columns``).
        labels: ``(n,)``, index of the true class.
        paths: the file of each picture.
        classes: name of each class, in the order of the columns.
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    paths: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only.

        Raises:
            ValueError: no pictures, fewer than two classes, or fields that do not fit together.
            NotFiniteError: a probability that is NaN or infinite.
        """
        probabilities = frozen_array("probabilities", self.probabilities, ndim=2)
        labels = frozen_array("labels", self.labels, ndim=1, dtype=np.int64)
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "labels", labels)
        check_lengths({"probabilities": len(probabilities), "labels": len(labels), "paths": len(self.paths)})
        check_lengths({"columns": probabilities.shape[1], "classes": len(self.classes)})
        _check_ranges(probabilities, labels)

    @property
    def pictures(self) -> int:
        """How many pictures."""
        return len(self.labels)

    @property
    def two_classes(self) -> bool:
        """Whether a threshold on the probability of class 1 decides the answer."""
        return len(self.classes) == 2


def _check_ranges(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    count, classes = probabilities.shape
    if count == 0 or classes < 2:
        raise ValueError(
            f"Expected at least one picture and two classes. Received: {count} pictures, {classes} classes."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"Expected labels 0 to {classes - 1}. Received: {labels.min()} to {labels.max()}.")
    low, high = float(probabilities.min()), float(probabilities.max())
    away = float(np.abs(probabilities.sum(axis=1) - 1).max())
    if low < 0 or high > 1 + SUM_TOLERANCE or away > SUM_TOLERANCE:
        raise ValueError(
            "Expected probabilities from 0 to 1 whose rows sum to 1. "
            f"Received: {low:.3g} to {high:.3g}, sums up to {away:.3g} away from 1."
        )


def two_columns(probabilities: NDArray[Any]) -> NDArray[np.float32]:
    """Probabilities of both classes from those of class 1, the answer of one sigmoid unit.

    Args:
        probabilities: ``(n,)`` or ``(n, 1)``, 0..1.

    Returns:
        ``(n, 2)``, float32.
    """
    of_class_1 = np.asarray(probabilities, np.float32).reshape(-1)
    return np.stack([1 - of_class_1, of_class_1], axis=1)  # (n, 2)


def predicted_labels(predictions: Predictions, threshold: float = 0.5) -> NDArray[np.int64]:
    """The class that each picture gets, ``(n,)``.

    Args:
        predictions: the probabilities.
        threshold: of two classes, class 1 is the answer where its probability is at least this,
            compared in float32. More classes ignore it: the most probable is the answer, the
            first one of equals.
    """
    if predictions.two_classes:
        return (predictions.probabilities[:, 1] >= np.float32(threshold)).astype(np.int64)
    return np.asarray(np.argmax(predictions.probabilities, axis=1), np.int64)


def probability_of(predictions: Predictions, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Probability of one chosen class per picture, ``(n,)``."""
    return np.take_along_axis(predictions.probabilities, chosen[:, None], axis=1)[:, 0]


def of_factor(predictions: Predictions, factor: str) -> Predictions:
    """The answers of one head of a network whose classes are combinations, see ``datasets.factors``.

    Raises:
        DataError: the classes tell no such factor.
    """
    factors = factors_of(predictions.classes)
    if factors is None or factor not in factors.values:
        raise DataError(
            f"Expected classes that tell {factor!r}, called like {factor}=VALUE. "
            f"Received: {', '.join(predictions.classes[:3])}."
        )
    of_class = factors.of_class[:, list(factors.values).index(factor)]
    values = factors.values[factor]
    own = [predictions.probabilities[:, of_class == value].sum(axis=1) for value in range(len(values))]
    return Predictions(
        probabilities=np.minimum(np.stack(own, axis=1), 1),
        labels=of_class[predictions.labels],
        paths=predictions.paths,
        classes=values,
    )


def predictions_csv(predictions: Predictions, threshold: float = 0.5) -> str:
    """A line per picture, for spreadsheets: file, true class, answer, and the probability of every class.

    Args:
        predictions: probabilities and truth.
        threshold: see ``predicted_labels``.
    """
    text = io.StringIO()
    lines, classes = csv.writer(text, lineterminator="\n"), predictions.classes
    lines.writerow(["picture", "class", "answer", *classes])
    given = predicted_labels(predictions, threshold).tolist()
    for path, label, answer, values in zip(
        predictions.paths, predictions.labels.tolist(), given, predictions.probabilities, strict=True
    ):
        lines.writerow([path, classes[label], classes[answer], *(f"{value:.6g}" for value in values)])
    return text.getvalue()


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write all but the names of the classes as a compressed ``.npz``, whole or not at all."""
    with replacing(path) as temporary:
        np.savez_compressed(
            temporary,
            probabilities=predictions.probabilities,
            labels=predictions.labels,
            paths=np.asarray(predictions.paths, np.str_),
        )


def read_predictions(path: Path, classes: tuple[str, ...]) -> Predictions:
    """Read what ``write_predictions`` wrote.

    Args:
        path: the file, not trusted.
        classes: name of each class; the run's folder knows them.

    Raises:
        DataError: missing, damaged, or of another number of classes.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            probabilities, labels, paths = (saved[name] for name in FIELDS)
        return Predictions(
            probabilities=probabilities,
            labels=labels,
            paths=tuple(str(name) for name in paths.tolist()),
            classes=classes,
        )
    except Exception as error:  # zip readers raise anything at all on damaged bytes
        raise DataError(
            f"Expected the predictions of a finished run with the classes {', '.join(classes)} in {path}. "
            f"Received: {error or type(error).__name__}. Resume the run, so that it evaluates again."
        ) from error
