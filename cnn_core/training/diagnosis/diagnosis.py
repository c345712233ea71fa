"""What the curves of a run say: over-fitted or not, by which figures, and what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cnn_core.training.diagnosis.curve_figures import CurveFigures, curve_figures
from cnn_core.training.diagnosis.diagnosis_text import Kind, advice_of, nothing_learned, sentence_of
from cnn_core.training.diagnosis.history import FEWEST_EPOCHS, Row
from cnn_core.training.diagnosis.task import TWO_CLASSES, Task

WIDE_GAP = 0.10  # of accuracy, training over validation
LITTLE_LEARNED = 0.5  # of the way from guessing to knowing all: 75 % right of two classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the curves of a run say.

    Attributes:
        kind: ``too_early`` (fewer than three epochs), ``diverged`` (no finite losses, or the training
            itself got worse), ``overfitting`` (the validation loss has risen since its lowest while
            the training loss went on falling, or training is 10 % more right than validation),
            ``underfitting`` (less than half of the way from guessing to knowing all), else ``good``.
        best_epoch: of the lowest validation loss, counted from 1; None without any.
        lowest_val_loss: in nats, or None.
        gap_accuracy: training minus validation at the end, -1..1, or None. Dropout and augmentation
            make the training pictures harder, so a negative gap is normal.
        gap_loss: validation minus training at the end, in nats, or None. Label smoothing and weighted
            classes lift the training loss only, so that there is none with them.
        sentence: what happened, with the figures.
        advice: what to try.
    """

    kind: Kind
    best_epoch: int | None
    lowest_val_loss: float | None
    gap_accuracy: float | None
    gap_loss: float | None
    sentence: str
    advice: str


def diagnose(history: Sequence[Row], task: Task = TWO_CLASSES) -> Diagnosis:
    """Read over-fitting off the curves.

    The curves are smoothed by Tukey's 3H (the median of three neighbours, which takes single spikes
    away, then the weights 1/4, 1/2, 1/4); a rise counts if it exceeds 8 % of the lowest loss (16 % in
    fewer than five epochs) and three times the noise, which the second differences of the raw curve tell.

    Says nothing about other photos than those of the validation set, and no more than the noise of
    a small one allows.

    Args:
        history: a row per finished epoch with ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and
            ``val_accuracy``; training figures may be missing (None, empty, NaN).
        task: what was to be learned, which says what guessing would reach; see ``task_of``. Without it two
            classes with as many pictures, and plain losses.

    Reference:
        Tukey 1977, "Exploratory data analysis", chapter 7; Prechelt 1998, "Early stopping - but
        when?", on how far a validation loss has to rise before that says something.
    """
    metadata = curve_figures(history, task)
    kind = _kind(metadata)
    return Diagnosis(
        kind=kind,
        best_epoch=metadata.best,
        lowest_val_loss=_or_none(metadata.lowest),
        gap_accuracy=_or_none(metadata.gap_accuracy),
        gap_loss=_or_none(metadata.gap_loss),
        sentence=sentence_of(kind, metadata),
        advice=advice_of(kind, metadata),
    )


def _kind(metadata: CurveFigures) -> Kind:
    if metadata.diverged:
        return "diverged"
    if metadata.epochs < FEWEST_EPOCHS:
        return "too_early"
    wide = metadata.gap_accuracy >= WIDE_GAP and not metadata.gap_loss <= 0
    if metadata.risen or (wide and not nothing_learned(metadata)):
        return "overfitting"
    return "underfitting" if metadata.learned < LITTLE_LEARNED else "good"


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
