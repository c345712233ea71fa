"""What a network that can be trained has to say of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from cnn_core.images.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an architecture leaves open.

    Attributes:
        size_px: side of the input, or None for any size.
        classes: how many; two share one sigmoid unit, more have a softmax unit each.
        dropout: largest share of units dropped; several places keep their proportions.
        base: key of the network whose features are reused, where there is one.
        heads: name of each output and number of its classes, where there are several; ``classes`` then
            counts their combinations.
    """

    size_px: int | None
    classes: int = 2
    dropout: float = 0.0
    base: str = ""
    heads: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network that can be trained.

    Attributes:
        key: name in settings and cards.
        smallest_px: side of the smallest pictures that leave something to the last layer.
        any_size: whether its weights fit pictures of any size, as without a Flatten layer.
        preprocessing: from pixels to model input.
        for_training: the network that is trained; answers logits, ``(n, 1)`` or ``(n, classes)``, those of
            several heads side by side.
        finished: from the trained network to the one that is kept: float32, answers probabilities.
        fine_tuned: makes the layers trainable that only the second step trains, or None.
        channels: 3 of RGB, 1 of grey pictures.
        several_heads: whether it answers each question of the class folders by an output of its own, see
            ``cnn_core.datasets.factors``.
    """

    key: str
    smallest_px: int
    any_size: bool
    preprocessing: Callable[[Plan], Preprocessing]
    for_training: Callable[[Plan], keras.Model]
    finished: Callable[[keras.Model, Plan], keras.Model]
    fine_tuned: Callable[[keras.Model], None] | None = None
    channels: int = 3
    several_heads: bool = False


def answers(features: Any, plan: Plan, *, logits: bool) -> Any:
    """The last layers: one output, or one for each head of the plan; logits of all heads in one tensor."""
    if not plan.heads:
        return answer(features, plan.classes, logits=logits)
    heads = [answer(features, classes, logits=logits, name=name) for name, classes in plan.heads]
    return layers.Concatenate(dtype="float32", name="heads")(heads) if logits and len(heads) > 1 else heads


def answer(features: Any, classes: int, *, logits: bool, name: str = "answer") -> Any:
    """The last layer: one sigmoid unit for two classes, a softmax unit for each of more.

    Args:
        features: symbolic, ``(n, k)``.
        classes: at least two.
        logits: leave the scores before sigmoid or softmax, for a loss that is exact.
    """
    if logits:
        return layers.Dense(units(classes), dtype="float32", name=name)(features)
    return layers.Dense(units(classes), "sigmoid" if classes == 2 else "softmax", name=name)(features)


def units(classes: int) -> int:
    """Number of outputs for so many classes."""
    return 1 if classes == 2 else classes
