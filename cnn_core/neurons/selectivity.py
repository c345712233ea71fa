"""What the figures of an index say about channels: selective, silent, redundant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Double = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedundantPair:
    """Two channels of a layer that rise and fall together.

    Attributes:
        first, second: channels, ``first < second``.
        correlation: of their largest activations over the images, -1 to 1.
    """

    first: int
    second: int
    correlation: float


def class_selectivity(class_mean: Double) -> Double:
    """How much more a channel answers its best class than the others, ``(k,)``.

    ``(best - mean of the others) / (best + mean of the others)``: 0 where all classes are alike or both are
    0, 1 where it answers one class only. It means that only for activations that are never negative; without
    a second class it is 0.

    Args:
        class_mean: ``(k, classes)``, mean activation per class.

    Reference:
        Morcos, Barrett, Rabinowitz and Botvinick (2018).
    """
    channels, classes = class_mean.shape
    if classes < 2:
        return np.zeros(channels)
    best = class_mean.max(axis=1)
    others = (class_mean.sum(axis=1) - best) / (classes - 1)
    total = best + others
    found: Double = np.divide(best - others, total, out=np.zeros(channels), where=total != 0)
    return found


def class_auc(class_histograms: NDArray[np.integer]) -> Double:
    """How well a channel alone tells each class from the others, ``(k, classes)``, 0 to 1.

    The chance that its largest activation is larger on an image of the class than on another one, where one
    bin counts as a tie, by half. 0.5 without a second class.

    Args:
        class_histograms: ``(k, classes, bins)``, of the largest activations of images.
    """
    own = class_histograms.astype(np.float64)
    others = own.sum(axis=1, keepdims=True) - own
    below = np.cumsum(others, axis=2) - others
    wins = (own * (below + others / 2)).sum(axis=2)
    pairs = own.sum(axis=2) * others.sum(axis=2)
    found: Double = np.divide(wins, pairs, out=np.full(wins.shape, 0.5), where=pairs > 0)
    return found


def never_fires(images_fire: Double) -> NDArray[np.bool_]:
    """``(k,)``: whether a channel is above zero on no image; from its share of images ``(k,)``."""
    return np.asarray(images_fire == 0)


def fires_for_every_class(class_fires: Double, threshold_fraction: float = 0.5) -> NDArray[np.bool_]:
    """``(k,)``: whether a channel fires on more than a share of the images of each class ``(k, classes)``."""
    return np.asarray((class_fires > threshold_fraction).all(axis=1), np.bool_)


def silent_classes(class_fires: Double, threshold_fraction: float = 0.0) -> tuple[int, ...]:
    """Classes for which no channel fires on more than a share of their images, ``(k, classes)``."""
    return tuple(np.flatnonzero((class_fires <= threshold_fraction).all(axis=0)).tolist())


def redundant_pairs(
    correlations: NDArray[np.float32], smallest: float = 0.95, most: int = 100
) -> tuple[RedundantPair, ...]:
    """Pairs of channels whose largest activations go together, the closest first.

    Args:
        correlations: ``(k, k)``.
        smallest: correlation from which on two channels count as redundant.
        most: how many pairs at most.
    """
    first, second = np.nonzero(np.triu(correlations >= smallest, 1))
    values = correlations[first, second]
    order = np.argsort(-values, kind="stable")[:most]
    return tuple(
        RedundantPair(first=int(first[i]), second=int(second[i]), correlation=float(values[i]))
        for i in order
    )  # fmt: skip
