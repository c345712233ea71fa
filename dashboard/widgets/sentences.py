"""Sentences made from numbers, for the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.results import AttributionMap, HeadAnswer, LayerFigures
from dashboard.figures.colours import percent, short

UNDECIDED = 0.1  # margin of the best class; of two classes 45 to 55 %
NEARLY_EVEN = 0.05  # share of zeros; smaller changes are not worth a word


def margin(answer: HeadAnswer) -> float:
    """How far the best class is ahead of the next, or of its own absence, 0 to 1; 1 for a number."""
    if answer.kind == "regression":
        return 1.0
    if answer.kind == "multilabel":
        return abs(2 * float(answer.probabilities[answer.best]) - 1)
    second, first = np.sort(answer.probabilities)[-2:] if len(answer.probabilities) > 1 else (0.0, 1.0)
    return float(first - second)


def headline(answer: HeadAnswer) -> str:
    """The answer in one word: the class, unless another one is nearly as probable."""
    return answer.class_names[answer.best] if margin(answer) >= UNDECIDED else "undecided"


def sureness(answer: HeadAnswer) -> str:
    """How sure the network is, without ever rounding to a certainty that it does not have."""
    if answer.kind == "regression":
        count = len(answer.class_names)
        return "predicted value" if count == 1 else f"the highest of {count} values"
    percent = 100 * float(answer.probabilities[answer.best])
    if margin(answer) < UNDECIDED:
        best = np.argsort(-answer.probabilities, kind="stable")[: 1 if answer.kind == "multilabel" else 2]
        return ", ".join(f"{100 * answer.probabilities[i]:.1f} % {answer.class_names[i]}" for i in best)
    if percent > 99.95:
        return "more than 99.9 % sure"
    return f"{percent:.1f} % sure"


def what_it_knows(answer: HeadAnswer) -> str:
    """That the answer is one of few words, whatever the photo shows; empty for a number."""
    if answer.kind == "regression":
        return ""
    names = answer.class_names
    return f"knows only {names[0]} and {names[1]}" if len(names) == 2 else f"knows only {len(names)} classes"


def where_evidence_lies(attribution: AttributionMap, class_name: str) -> str:
    """How much of the picture holds half of the evidence for the class, and whereabouts; plain text."""
    positive = np.clip(attribution.values, 0, None).astype(np.float64)
    total = positive.sum()
    if total == 0:
        if attribution.signed:
            return f"No part of the photo speaks for {class_name}."
        return f"The score of {class_name} reacts to no single pixel."
    falling = np.sort(positive.ravel())[::-1].cumsum()
    share = (int(np.searchsorted(falling, total / 2)) + 1) / positive.size
    what = (
        f"the evidence for {class_name}"
        if attribution.signed
        else f"the sensitivity of the score of {class_name} to single pixels"
    )
    return f"Half of {what} lies in {percent(share)} of the photo, around its {_place(positive)}."


def balance(attribution: AttributionMap, class_name: str, other: str) -> str:
    """What speaks for and against, where the map adds up to the score; else that it does not."""
    if not attribution.adds_up:
        return "The map does not add up to the score here: read it as a hint, not as a sum."
    gain = float(attribution.values[attribution.values > 0].sum())
    loss = float(attribution.values[attribution.values < 0].sum())
    added, taken = short(gain), short(-loss)
    return f"Places for {class_name} add {added} to the score, places for {other} take {taken} away."


def sparsity_course(layers: Sequence[LayerFigures]) -> str:
    """How the share of zeros changes over some layers; a way is named only where all of them go it."""
    shares = [layer.sparsity for layer in layers]
    first, last, low, high = shares[0], shares[-1], min(shares), max(shares)
    if high - low < NEARLY_EVEN:
        return f"From left to right the maps shrink; about as many of their values are zero, {percent(last)}."
    course = f"lies between {percent(low)} and {percent(high)}"
    for word, steps in (("grows", np.diff(shares)), ("falls", -np.diff(shares))):
        if steps.min(initial=0) > -NEARLY_EVEN / 2:
            course = f"{word} from {percent(first)} to {percent(last)}"
    return (
        f"From left to right the maps shrink, and **the share of zeros {course}**. "
        "Where a value is zero, the filter found nothing."
    )


def layer_facts(layer: LayerFigures) -> str:
    """Share of zeros and number of blank maps of a layer."""
    blank, count = len(layer.blank_channels), layer.channel_count
    return f"{percent(layer.sparsity)} zeros · {blank} of {count} {'map' if count == 1 else 'maps'} blank"


def span_text(values: np.ndarray) -> str:
    """Smallest and largest of some values, or the one that they all have."""
    low, high = float(values.min()), float(values.max())
    return f"{short(low)} everywhere" if low == high else f"{short(low)} to {short(high)}"


def range_text(layer: LayerFigures) -> str:
    """Smallest and largest value of a layer: ``0 to 3.2``."""
    return f"{short(float(layer.minimum.min()))} to {short(float(layer.maximum.max()))}"


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape as ``36 × 36 × 96``."""
    return " × ".join("any" if side is None else f"{side:,}" for side in shape)


def _place(positive: np.ndarray) -> str:
    height, width = positive.shape
    rows, columns = np.mgrid[:height, :width]
    row = float((rows * positive).sum() / positive.sum() + 0.5) / height
    column = float((columns * positive).sum() / positive.sum() + 0.5) / width
    vertical = "upper" if row < 0.4 else "lower" if row > 0.6 else ""
    horizontal = "left" if column < 0.4 else "right" if column > 0.6 else ""
    words = " ".join(word for word in (vertical, horizontal) if word)
    return f"{words} part" if words else "middle"
