"""Bins that hold any activation, decided before the first one is seen, so that histograms add up exactly.

Four bins per doubling on either side of zero, from 2 ** -12 to 2 ** 12, with edges at 1, 1.25, 1.5 and
1.75 times a power of two: the first bits of a floating-point number. What is nearer to zero is in the
middle bin, what is further away in the last ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST_EXPONENT, HIGHEST_EXPONENT = -12, 12
PER_DOUBLING = 4
PER_SIDE = (HIGHEST_EXPONENT - LOWEST_EXPONENT) * PER_DOUBLING
BINS = 2 * PER_SIDE + 1
MIDDLE = PER_SIDE

_BITS = 21  # of the 23 of the mantissa that are left out
_BIAS = (127 + LOWEST_EXPONENT) * PER_DOUBLING  # of the exponent of the lowest bin


def bin_of(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Index of the bin of every value, 0 to ``BINS - 1``, same shape."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    distance = ((bits & 0x7FFFFFFF) >> _BITS).astype(np.int32) - (_BIAS - 1)  # 1 for the lowest bin
    np.clip(distance, 0, PER_SIDE, out=distance)
    np.negative(distance, out=distance, where=bits >> 31 == 1)
    found: NDArray[np.uint8] = (distance + MIDDLE).astype(np.uint8)
    return found


def bin_edges() -> NDArray[np.float32]:
    """``(BINS + 1,)``: where the bins begin and end; the first and the last are infinite."""
    steps = 1 + np.arange(PER_DOUBLING) / PER_DOUBLING
    powers = 2.0 ** np.arange(LOWEST_EXPONENT, HIGHEST_EXPONENT)
    positive = np.append((powers[:, None] * steps).ravel(), np.inf)
    return np.concatenate([-positive[::-1], positive]).astype(np.float32)


def counted(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Histogram ``(k, BINS)`` over the first axis of values ``(n, k)``."""
    channels = values.shape[1]
    places: NDArray[Any] = bin_of(values) + np.arange(channels, dtype=np.int64) * BINS
    return np.bincount(places.ravel(), minlength=channels * BINS).reshape(channels, BINS)
