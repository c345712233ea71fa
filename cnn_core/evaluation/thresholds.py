"""From which probability on a class is best answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cnn_core.evaluation.curves import Float64, RocCurve


def best_threshold(
    curve: RocCurve, goal: Literal["youden", "accuracy"] = "youden", among: Sequence[float] | None = None
) -> float:
    """The threshold that is best on these very pictures, so a little too good for others.

    Args:
        curve: of the class that is answered at the threshold and above.
        goal: ``youden`` weighs both classes equally (recall of both added, minus 1; Youden 1950);
            ``accuracy`` counts every picture once.
        among: those that can be chosen, 0..1, say the steps of a slider, which may fall on either side
            of the very best one; None for any number.

    Returns:
        One of ``among``, or the middle between the scores that it separates. Of several equally good
        ones the one nearest to one half, the lower one of two. Of any number 0 only where all should be
        answered positive and some score is 0; just above 1 only where nobody should be and some score
        is 1.

    Raises:
        ValueError: ``among`` is empty.
    """
    if among is not None and len(among) == 0:
        raise ValueError("Expected thresholds to choose from. Received: none. Name some, or None for any.")
    if goal == "youden":
        gains = curve.true_positives * curve.negatives - curve.false_positives * curve.positives
    else:
        gains = curve.true_positives - curve.false_positives
    if among is None:
        best = [_middle(curve.thresholds, int(place)) for place in np.flatnonzero(gains == gains.max())]
    else:
        reached = [int(gains[curve.place(threshold)]) for threshold in among]
        best = [one for one, gain in zip(among, reached, strict=True) if gain == max(reached)]
    return min(best, key=lambda threshold: (round(abs(threshold - 0.5), 9), threshold))


def _middle(thresholds: Float64, place: int) -> float:
    """A threshold between one score and the next lower one that gives the same answers, also in float32."""
    if thresholds[place] == 0:
        return 0.0  # nothing lies below
    low = np.float32(thresholds[place + 1]) if place + 1 < len(thresholds) else np.float32(0)
    high = np.float32(min(thresholds[place], 1.0))
    middle = np.float32((low + high) / 2)
    if middle > low:
        return float(middle)
    return float(high if high > low else np.nextafter(low, np.float32(2)))
