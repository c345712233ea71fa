"""Long vectors made short so that distances between them nearly stay."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 2048
PROJECTED = 512
SEED = 0


def projected(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors ``(n, d)`` as they are up to 2048 values, else ``(n, 512)``.

    Reference:
        Achlioptas (2003), Li, Hastie and Church (2006): a sparse random projection, seeded.
    """
    length = vectors.shape[1]
    if length <= LONGEST:
        return vectors
    short: NDArray[np.float32] = _projection(length).transform(vectors).astype(np.float32)
    return short


def projection_note(length: int) -> str | None:
    """What is said of a vector of that length in the metadata; None where it is kept as it is."""
    if length <= LONGEST:
        return None
    return f"sparse random projection from {length} to {PROJECTED} values, seed {SEED}"


@functools.cache
def _projection(length: int) -> Any:
    from sklearn.random_projection import SparseRandomProjection  # here, since it takes a second to load

    empty = np.zeros((1, length), np.float32)
    return SparseRandomProjection(PROJECTED, random_state=SEED, dense_output=True).fit(empty)
