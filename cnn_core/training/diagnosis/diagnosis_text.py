"""The sentences of a verdict: what happened, and what to try."""

from __future__ import annotations

import math

from cnn_core.training.diagnosis.advice import (
    against_heart,
    harder_training,
    less_strain,
    narrower_gap,
    photos_first,
)
from cnn_core.training.diagnosis.curve_facts import Facts
from cnn_core.training.diagnosis.task import Task

Saying = tuple[str, str]  # sentence, advice

NARROW_GAP = 0.05
HARDER_GAP = -0.02  # training this much below validation is worth a word
NOTHING_LEARNED = 0.1
UNCLEAR = "too unevenly, or not for long enough, to tell a rise from noise"
SOON = 3  # epochs: over-fitting by then asks for shorter steps too
FEW_VALIDATION = 100  # photos, of which chance alone moves some per cent


def too_early(facts: Facts) -> Saying:
    """That there is too little to judge."""
    if facts.epochs == 0:
        return "No epoch with a validation loss has finished yet.", "Wait for the first ones."
    count = "One epoch is" if facts.epochs == 1 else f"{facts.epochs} epochs are"
    return f"{count} too few to tell over-fitting from chance.", "Train for some more."


def diverged(facts: Facts) -> Saying:
    """Which way the training failed, and shorter steps against it."""
    sentence = (
        "The training loss itself has risen and stayed high: the steps are too long."
        if facts.finite
        else "The loss is no finite number any more: the steps were too long, and the weights overflowed."
    )
    kept = "" if facts.best is None else f" The model of epoch {facts.best} is the best one so far."
    return sentence, f"Lower the learning rate to a tenth, or add warm-up epochs.{kept}"


def overfitting(facts: Facts) -> Saying:
    """How far training is ahead, since when the validation loss rises, and what may help."""
    at_end = "" if math.isnan(facts.gap_accuracy) else f" Over the last epochs {_halves(facts)}."
    if not facts.risen:
        return (
            f"Over-fitted: much of what is learned holds for the training pictures only.{at_end} "
            + f"{_capital(_course(facts))}.",
            f"{against_heart(facts.task)}; more epochs would mostly widen the gap. "
            f"Epoch {facts.best} is the one to keep.",
        )
    sentence = (
        f"Over-fitted since epoch {facts.best}: there the validation loss was lowest, {_loss(facts.lowest)}; "
        f"smoothed, it is {_loss(facts.val_loss_end)} at the end{_last_alone(facts, facts.val_loss_end)}, "
        f"because photos are learned by heart.{at_end}"
    )
    slower = " a lower learning rate," if facts.best is not None and facts.best <= SOON else ""
    return (
        sentence,
        f"Stop at epoch {facts.best} (early stopping, or keep the best epoch). "
        f"{against_heart(facts.task, slower)}.",
    )


def underfitting(facts: Facts) -> Saying:
    """How little is learned, held against guessing, and what could teach more."""
    if facts.learned < NOTHING_LEARNED and facts.task.unbalanced and not facts.task.weighted:
        return (
            "Hardly better than to answer every picture with the commonest class: "
            f"{_halves(facts)}, and that gives {_share(facts.guessing)}.",
            "Try balanced class weights and more photos of the rare classes. The recall of each class and "
            "the AUC, under Evaluation, tell whether anything is learned.",
        )
    if facts.learned < NOTHING_LEARNED:
        milder = "" if facts.task.augmented is False else ", and less augmentation at first"
        return (
            f"Next to nothing is learned: {_halves(facts)}, and guessing gives {_share(facts.guessing)}.",
            f"Try a learning rate ten times lower, then ten times higher{milder}. Look whether the "
            "folders hold what their names say.",
        )
    sentence = f"Nothing is learned by heart, but not enough is learned either: {_halves(facts)}."
    less, first = less_strain(facts.task), photos_first(facts.task)
    if facts.falling:
        then = f"{less}, or a larger network" if less else "a larger network"
        return (
            f"{sentence} The validation loss is still falling.",
            f"{first}Train for more epochs; then try {then}.",
        )
    ways = f"{less}, a higher learning rate, or" if less else "a higher learning rate or"
    return sentence, f"{first}Try {ways} a larger network."


def good(facts: Facts) -> Saying:
    """That nothing is learned by heart, and whether more epochs would help."""
    if not facts.level:
        return (
            f"No over-fitting yet: over the last epochs {_halves(facts)}. {_capital(_course(facts))}.",
            "Train for some more epochs to see.",
        )
    sentence = f"No over-fitting: over the last epochs {_halves(facts)}, and {_course(facts)}."
    if facts.task.unbalanced and facts.val_accuracy <= facts.guessing:
        sentence += (
            f" To answer every picture with the commonest class would give {_share(facts.guessing)}; the "
            "recall of each class, under Evaluation, tells more."
        )
    if facts.gap_accuracy < HARDER_GAP:
        sentence += f" Validation is ahead of training, which is normal: {harder_training(facts.task)}."
    if facts.falling:
        return sentence, "The validation loss was still falling at the end: more epochs may help."
    if facts.gap_accuracy > NARROW_GAP:
        return sentence, narrower_gap(facts.task)
    return sentence, "More epochs will hardly help; more photos or a larger network may."


def _halves(facts: Facts) -> str:
    """Both accuracies, or the one that is known."""
    known = [
        f"{_share(value)} of the {split}"
        for split, value in (("training", facts.accuracy), ("validation", facts.val_accuracy))
        if not math.isnan(value)
    ]
    return f"{' and '.join(known)} pictures are right" if known else "how many are right is unknown"


def few_photos(task: Task) -> str:
    """How little a verdict rests on, where there are few validation photos; empty where there are enough."""
    count = task.validation_pictures
    if count is None or count >= FEW_VALIDATION:
        return ""
    photos = "one validation photo" if count == 1 else f"{count} validation photos"
    return f" All this rests on {photos}; one more or less right is {_share(1 / count)}."


def _course(facts: Facts) -> str:
    """What the validation loss did that has not clearly risen, without the end of the sentence."""
    if facts.lowest_last:
        return f"the validation loss is lowest, {_loss(facts.lowest)}, in epoch {facts.best}, the last"
    if not facts.level:
        return (
            f"the validation loss is above {_lowest(facts)}{_last_alone(facts, facts.lowest)}, but {UNCLEAR}"
        )
    alone = _last_alone(facts, facts.lowest)
    return f"the validation loss, smoothed, has hardly risen since {_lowest(facts)}{alone}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _last_alone(facts: Facts, told: float) -> str:
    """The validation loss of the last epoch alone, where it lies far above the one that is told."""
    if not facts.far_above(told):
        return ""
    return f" (in the last epoch alone it was {_loss(facts.val_loss_last)})"


def _lowest(facts: Facts) -> str:
    return f"its lowest, {_loss(facts.lowest)} in epoch {facts.best}"


def _share(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def _loss(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
