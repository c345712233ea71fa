"""What the curves of a run say: over-fitted or not, by which figures, and what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnn_core.training.diagnosis.curve_figures import CurveFigures, curve_figures
from cnn_core.training.diagnosis.history import FEWEST_EPOCHS, Row, history_column
from cnn_core.training.diagnosis.task import TWO_CLASSES, Task

Kind = Literal["too_early", "underfitting", "good", "overfitting", "diverged"]

WIDE_GAP = 0.10  # of accuracy, training over validation
NARROW_GAP = 0.05
LITTLE_LEARNED = 0.5  # of the way from guessing to knowing all: 75 % right of two classes
NOTHING_LEARNED = 0.1
FEW_EPOCHS = 10  # with so few, more of them come before other remedies

_LOSS = "the validation loss, lowest in epoch {best} with {lowest}, is {last} in the last epoch"
SENTENCES: dict[Kind, str] = {
    "too_early": f"{{epochs}} of at least {FEWEST_EPOCHS} epochs are there, "
    "too few to tell over-fitting from chance.",
    "diverged": "Diverged: the training loss rose and stayed high, or is no finite number any more; the "
    "validation loss was lowest in epoch {best}.",
    "overfitting": f"Over-fitted: in the last epoch {{right}}, and {_LOSS}.",
    "underfitting": "Under-fitted: in the last epoch {right}, where to answer always the commonest class "
    "gives {guessing}.",
    "good": f"No over-fitting: in the last epoch {{right}}, and {_LOSS}.",
}


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
    figures = curve_figures(history, task)
    kind = _kind(figures)
    return Diagnosis(
        kind=kind,
        best_epoch=figures.best,
        lowest_val_loss=_or_none(figures.lowest),
        gap_accuracy=_or_none(figures.gap_accuracy),
        gap_loss=_or_none(figures.gap_loss),
        sentence=_sentence(kind, figures, history),
        advice=_advice(kind, figures),
    )


def _kind(figures: CurveFigures) -> Kind:
    if figures.diverged:
        return "diverged"
    if figures.epochs < FEWEST_EPOCHS:
        return "too_early"
    wide = figures.gap_accuracy >= WIDE_GAP and not figures.gap_loss <= 0
    if figures.risen or (wide and not figures.learned < NOTHING_LEARNED):
        return "overfitting"
    return "underfitting" if figures.learned < LITTLE_LEARNED else "good"


def _sentence(kind: Kind, figures: CurveFigures, history: Sequence[Row]) -> str:
    """What happened, with the figures of the last epoch, which stand beside it; those that are known."""
    columns = {"training": "accuracy", "validation": "val_accuracy"}
    known = [
        f"{100 * values[-1]:.1f}\N{NO-BREAK SPACE}% of the {split}"
        for split, name in columns.items()
        if (values := history_column(history, name)).size and math.isfinite(values[-1])
    ]
    return SENTENCES[kind].format(
        epochs=figures.epochs,
        best="none" if figures.best is None else figures.best,
        lowest=_loss(figures.lowest),
        last=_loss(figures.val_loss_last),
        right=f"{' and '.join(known)} pictures are right"
        if known
        else "an unknown share of pictures is right",
        guessing=_share(figures.guessing),
    )


def _advice(kind: Kind, figures: CurveFigures) -> str:
    """What to try first."""
    go_on = figures.epochs < FEW_EPOCHS or figures.falling or not figures.level
    if kind == "too_early":
        return "Train for more epochs."
    if kind == "diverged":
        return "Lower the learning rate to a tenth, or add warm-up epochs."
    if kind == "overfitting":
        return (
            f"Keep epoch {figures.best} (early stopping, or best epoch), and try more augmentation, dropout "
            "or photos."
        )
    if kind == "good":
        if go_on:
            return "Train for more epochs, which may help."
        if figures.gap_accuracy > NARROW_GAP:
            return "More augmentation, dropout or photos may narrow the gap between training and validation."
        return "More epochs will hardly help; more photos or a larger network may."
    if go_on:
        return "Train for more epochs."
    if not figures.learned < NOTHING_LEARNED:
        return "Try a larger network, a higher learning rate, or less of any dropout and augmentation."
    if figures.task.unbalanced and not figures.task.weighted:
        return "Try balanced class weights and more photos of the rare classes."
    return (
        "Try a learning rate ten times lower, then ten times higher, and look whether the folders hold what "
        "their names say."
    )


def _share(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def _loss(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
