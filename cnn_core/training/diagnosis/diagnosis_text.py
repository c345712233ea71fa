"""What a diagnosis says: a sentence with the figures by its kind, and a sentence on what to try."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from cnn_core.training.diagnosis.curve_figures import CurveFigures
from cnn_core.training.diagnosis.history import FEWEST_EPOCHS

Kind = Literal["too_early", "underfitting", "good", "overfitting", "diverged"]

FEW_EPOCHS = 10  # with so few, more of them come before other remedies
NARROW_GAP = 0.05  # of accuracy, training over validation
NOTHING_LEARNED = 0.1  # of the way from guessing to knowing all

_LOSS = "the validation loss, lowest in epoch {best} with {lowest}, is {last} in the last epoch"
SENTENCES: dict[Kind, str] = {
    "too_early": "{epochs} of at least {fewest} epochs are there, too few to tell over-fitting from chance.",
    "diverged": "Diverged: the training loss rose and stayed high, or is no finite number any more; the "
    "validation loss was lowest in epoch {best}.",
    "overfitting": f"Over-fitted: over the last epochs {{right}}, and {_LOSS}.",
    "underfitting": "Under-fitted: over the last epochs {right}, where to answer always the commonest class "
    "gives {guessing}.",
    "good": f"No over-fitting: over the last epochs {{right}}, and {_LOSS}.",
}


def _always(metadata: CurveFigures) -> bool:
    return True


def _should_go_on(metadata: CurveFigures) -> bool:
    """Whether more epochs come first: there were few, or the validation loss falls, or moves unclearly."""
    return metadata.epochs < FEW_EPOCHS or metadata.falling or not metadata.level


def _ignores_rare_classes(metadata: CurveFigures) -> bool:
    return nothing_learned(metadata) and metadata.task.unbalanced and not metadata.task.weighted


def nothing_learned(metadata: CurveFigures) -> bool:
    """Whether next to nothing is learned; no where that is unknown."""
    return metadata.learned < NOTHING_LEARNED


# The first one of a kind whose condition holds.
ADVICE: tuple[tuple[Kind, Callable[[CurveFigures], bool], str], ...] = (
    ("too_early", _always, "Train for more epochs."),
    ("diverged", _always, "Lower the learning rate to a tenth, or add warm-up epochs."),
    (
        "overfitting",
        _always,
        "Keep epoch {best} (early stopping, or best epoch), and try more augmentation, dropout or photos.",
    ),
    ("underfitting", _should_go_on, "Train for more epochs, then try a larger network."),
    (
        "underfitting",
        _ignores_rare_classes,
        "Try balanced class weights and more photos of the rare classes.",
    ),
    (
        "underfitting",
        nothing_learned,
        "Try a learning rate ten times lower, then ten times higher, and look whether the folders hold what "
        "their names say.",
    ),
    (
        "underfitting",
        _always,
        "Try a larger network, a higher learning rate, or less of any dropout and augmentation.",
    ),
    ("good", _should_go_on, "Train for more epochs, which may help."),
    (
        "good",
        lambda metadata: metadata.gap_accuracy > NARROW_GAP,
        "More augmentation, dropout or photos may narrow the gap of {gap}.",
    ),
    ("good", _always, "More epochs will hardly help; more photos or a larger network may."),
)


def sentence_of(kind: Kind, metadata: CurveFigures) -> str:
    """What happened, with the figures."""
    return SENTENCES[kind].format_map(_figures(metadata))


def advice_of(kind: Kind, metadata: CurveFigures) -> str:
    """What to try."""
    texts = (text for one, holds, text in ADVICE if one == kind and holds(metadata))
    return next(texts).format_map(_figures(metadata))


def _figures(metadata: CurveFigures) -> dict[str, object]:
    return {
        "epochs": metadata.epochs,
        "fewest": FEWEST_EPOCHS,
        "best": "none" if metadata.best is None else metadata.best,
        "lowest": _loss(metadata.lowest),
        "last": _loss(metadata.val_loss_last),
        "right": _right(metadata),
        "gap": _share(metadata.gap_accuracy),
        "guessing": _share(metadata.guessing),
    }


def _right(metadata: CurveFigures) -> str:
    """Both accuracies, or the one that is known."""
    known = [
        f"{_share(value)} of the {split}"
        for split, value in (("training", metadata.accuracy), ("validation", metadata.val_accuracy))
        if not math.isnan(value)
    ]
    return f"{' and '.join(known)} pictures are right" if known else "an unknown share of pictures is right"


def _share(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def _loss(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
