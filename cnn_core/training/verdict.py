"""What the curves of a run say: over-fitted or not, since when, and what to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cnn_core.training.curve_facts import Facts, facts_of
from cnn_core.training.history import FEWEST_EPOCHS, Row, best_epoch, history_column, history_epochs
from cnn_core.training.task import TWO_CLASSES, Task

__all__ = ["Verdict", "best_epoch", "history_column", "history_epochs", "verdict"]

Kind = Literal["too_early", "underfitting", "good", "overfitting", "diverged"]
Saying = tuple[str, str]  # sentence, advice

WIDE_GAP = 0.10  # of accuracy, training over validation
NARROW_GAP = 0.05
HARDER_GAP = -0.02  # training this much below validation is worth a word
LITTLE_LEARNED = 0.5  # of the way from guessing to knowing all: 75 % right of two classes
NOTHING_LEARNED = 0.1
UNCLEAR = "too unevenly, or not for long enough, to tell a rise from noise"
SOON = 3  # epochs: over-fitting by then asks for shorter steps too


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
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
        sentence: what happened.
        advice: what to try.
    """

    kind: Kind
    best_epoch: int | None
    lowest_val_loss: float | None
    gap_accuracy: float | None
    gap_loss: float | None
    sentence: str
    advice: str


def verdict(history: Sequence[Row], task: Task = TWO_CLASSES) -> Verdict:
    """Read over-fitting off the curves.

    The curves are smoothed by Tukey's 3H (the median of three neighbours, which takes single spikes
    away, then the weights 1/4, 1/2, 1/4); a rise counts if it exceeds 8 % of the lowest loss (16 % in
    fewer than five epochs) and three times the noise, which the second differences of the raw curve tell.

    Says nothing about other photos than those of the validation set, and no more than the noise of
    a small one allows.

    Args:
        history: a row per finished epoch with ``epoch``, ``loss``, ``accuracy``, ``val_loss`` and
            ``val_accuracy``; training figures may be missing (None, empty, NaN).
        task: what was to be learned, which says what guessing would reach; see ``task_of``. Without it
            two classes with as many pictures, and plain losses.

    Reference:
        Tukey 1977, "Exploratory data analysis", chapter 7; Prechelt 1998, "Early stopping - but
        when?", on how far a validation loss has to rise before that says something.
    """
    facts = facts_of(history, task)
    kind = _kind(facts)
    sentence, advice = SAYINGS[kind](facts)
    return Verdict(
        kind=kind,
        best_epoch=facts.best,
        lowest_val_loss=_or_none(facts.lowest),
        gap_accuracy=_or_none(facts.gap_accuracy),
        gap_loss=_or_none(facts.gap_loss),
        sentence=sentence,
        advice=advice,
    )


def _kind(facts: Facts) -> Kind:
    if not facts.finite or facts.unstable:
        return "diverged"
    if facts.epochs < FEWEST_EPOCHS:
        return "too_early"
    wide = facts.gap_accuracy >= WIDE_GAP and not facts.gap_loss <= 0
    if facts.risen or (wide and not facts.learned < NOTHING_LEARNED):
        return "overfitting"
    return "underfitting" if facts.learned < LITTLE_LEARNED else "good"


def _too_early(facts: Facts) -> Saying:
    if facts.epochs == 0:
        return "No epoch with a validation loss has finished yet.", "Wait for the first ones."
    count = "One epoch is" if facts.epochs == 1 else f"{facts.epochs} epochs are"
    return f"{count} too few to tell over-fitting from chance.", "Train for some more."


def _diverged(facts: Facts) -> Saying:
    sentence = (
        "The training loss itself has risen and stayed high: the steps are too long."
        if facts.finite
        else "The loss is no finite number any more: the steps were too long, and the weights overflowed."
    )
    kept = "" if facts.best is None else f" The model of epoch {facts.best} is the best one so far."
    return sentence, f"Lower the learning rate to a tenth, or add warm-up epochs.{kept}"


def _overfitting(facts: Facts) -> Saying:
    at_end = "" if math.isnan(facts.gap_accuracy) else f" Over the last epochs {_halves(facts)}."
    if not facts.risen:
        return (
            f"Over-fitted: much of what is learned holds for the training pictures only.{at_end} "
            + (
                f"Smoothed, the validation loss has hardly risen since {_lowest(facts)}."
                if facts.level
                else f"The validation loss is above {_lowest(facts)}, but {UNCLEAR}."
            ),
            "Try augmentation, more dropout or more photos; more epochs would mostly widen the gap. "
            f"Epoch {facts.best} is the one to keep.",
        )
    sentence = (
        f"Over-fitted since epoch {facts.best}: there the validation loss was lowest, {_loss(facts.lowest)}; "
        f"smoothed, it is {_loss(facts.val_loss_end)} at the end, because photos are learned by heart."
        f"{at_end}"
    )
    slower = " a lower learning rate," if facts.best is not None and facts.best <= SOON else ""
    return (
        sentence,
        f"Stop at epoch {facts.best} (early stopping, or keep the best epoch). To get further, try{slower} "
        "augmentation, more dropout or more photos.",
    )


def _underfitting(facts: Facts) -> Saying:
    if facts.learned < NOTHING_LEARNED and facts.unbalanced and not facts.weighted:
        return (
            "Hardly better than to answer every picture with the commonest class: "
            f"{_halves(facts)}, and that gives {_share(facts.guessing)}.",
            "Try balanced class weights and more photos of the rare classes. The recall of each class and "
            "the AUC, under Evaluation, tell whether anything is learned.",
        )
    if facts.learned < NOTHING_LEARNED:
        return (
            f"Next to nothing is learned: {_halves(facts)}, and guessing gives {_share(facts.guessing)}.",
            "Try a learning rate ten times lower, then ten times higher, and less augmentation at first. "
            "Look whether the folders hold what their names say.",
        )
    sentence = f"Nothing is learned by heart, but not enough is learned either: {_halves(facts)}."
    if facts.falling:
        return (
            f"{sentence} The validation loss is still falling.",
            "Train for more epochs; then try less dropout or augmentation, or a larger network.",
        )
    return sentence, "Try less dropout or augmentation, a higher learning rate, or a larger network."


def _good(facts: Facts) -> Saying:
    if not facts.level:
        return (
            f"No over-fitting yet: over the last epochs {_halves(facts)}. The validation loss is above "
            f"{_lowest(facts)}, but {UNCLEAR}.",
            "Train for some more epochs to see.",
        )
    sentence = (
        f"No over-fitting: over the last epochs {_halves(facts)}, and the validation loss, smoothed, has "
        f"hardly risen since {_lowest(facts)}."
    )
    if facts.unbalanced and facts.val_accuracy <= facts.guessing:
        sentence += (
            f" To answer every picture with the commonest class would give {_share(facts.guessing)}; the "
            "recall of each class, under Evaluation, tells more."
        )
    if facts.gap_accuracy < HARDER_GAP:
        sentence += (
            " Validation is ahead of training, which is normal: dropout and augmentation make the training "
            "pictures harder."
        )
    if facts.falling:
        return sentence, "The validation loss was still falling at the end: more epochs may help."
    if facts.gap_accuracy > NARROW_GAP:
        return sentence, "A little more augmentation or dropout may narrow the gap; more photos would."
    return sentence, "More epochs will hardly help; more photos or a larger network may."


SAYINGS: dict[Kind, Callable[[Facts], Saying]] = {
    "too_early": _too_early,
    "diverged": _diverged,
    "overfitting": _overfitting,
    "underfitting": _underfitting,
    "good": _good,
}


def _halves(facts: Facts) -> str:
    """Both accuracies, or the one that is known."""
    known = [
        f"{_share(value)} of the {split}"
        for split, value in (("training", facts.accuracy), ("validation", facts.val_accuracy))
        if not math.isnan(value)
    ]
    return f"{' and '.join(known)} pictures are right" if known else "how many are right is unknown"


def _lowest(facts: Facts) -> str:
    return f"its lowest, {_loss(facts.lowest)} in epoch {facts.best}"


def _share(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def _loss(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
