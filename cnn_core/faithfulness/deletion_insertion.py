"""Deletion and insertion: the score as the strongest pixels of a map go, or as they alone come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.attribution.masking import MaskedPicture, slices
from cnn_core.probe.heads import Head

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The answer against the share of pixels that were deleted, or inserted.

    Attributes:
        logits, probabilities: ``(2, n + 1)``, of deletion and of insertion, at shares 0, 1/n, ..., 1.
    """

    logits: Float
    probabilities: Float


def curves(hidden: MaskedPicture, head: Head, ranking: NDArray[np.integer], steps: int) -> Curves:
    """Take the pixels away in the order of a ranking, and bring them in the same order.

    Args:
        hidden: the picture, the class that is asked about, and what stands for a pixel that is gone.
        head: the output that is asked about.
        ranking: ``(H, W)``, 0 for the pixel that goes first.
        steps: how many times a share of the pixels goes.

    Reference:
        Petsiuk, Das and Saenko (2018); by share of the pixels, so that areas compare.
    """
    shares = np.linspace(0, 1, steps + 1)
    gone = ranking[None] < np.round(shares * ranking.size)[:, None, None]  # (n + 1, H, W)
    masks = np.concatenate([~gone, gone]).astype(np.float32)
    found = [hidden.all_scores(masks[part]) for part in slices(len(masks), hidden.batch)]
    scores = np.concatenate(found)  # (2n + 2, classes)
    label = hidden.target.label
    chances = head.probabilities(scores)[:, label]
    shape = (2, steps + 1)
    return Curves(scores[:, label].reshape(shape), np.asarray(chances, np.float32).reshape(shape))


def ranking(values: Float, seed: int) -> NDArray[np.int64]:
    """``(H, W)``: which pixel is the strongest, 0, and so on down; equal ones in a drawn order.

    Args:
        values: a map of the size of the picture; of a signed one what speaks most for the class comes first.
        seed: of the draw, without which equal pixels would go from the top left.
    """
    order = np.lexsort((np.random.default_rng(seed).random(values.size), -values.ravel().astype(np.float64)))
    places = np.empty(values.size, np.int64)
    places[order] = np.arange(values.size)
    return places.reshape(values.shape)


def area(curve: Float) -> float:
    """The mean height of a curve over the share of pixels, by trapezoids."""
    return float(np.trapezoid(curve.astype(np.float64), dx=1 / (len(curve) - 1)))
