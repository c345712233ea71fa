"""Agreement: whether maps put the pixels of a picture into the same order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Float = NDArray[np.float32]


def rank_correlation(first: Float, second: Float) -> float:
    """Spearman's, of two maps of one size; 0 where one of them is constant."""
    return float(agreement((first, second))[0, 1])


def agreement(maps: Sequence[Float]) -> Float:
    """Spearman's rank correlations ``(m, m)``, -1 to 1, between maps of one size.

    A map that is the same everywhere has no order: it agrees with none, and its row and column are 0.

    Args:
        maps: at least one, each ``(H, W)``.
    """
    ranks = np.stack([rankdata(each.ravel()) for each in maps])  # (m, H * W)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    directions = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
    return np.asarray(np.clip(directions @ directions.T, -1, 1), np.float32)
