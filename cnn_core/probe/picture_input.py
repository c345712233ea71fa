"""What enters a network: pictures of its size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError


def checked_inputs(inputs: NDArray[np.float32], shape: Sequence[int | None]) -> NDArray[np.float32]:
    """Pictures ``(n, H, W, c)`` as one block of float32.

    Args:
        inputs: the pictures.
        shape: height, width and channels that the network takes; None where it leaves a side free.

    Raises:
        InvalidRequestError: pictures of another size.
    """
    fits = inputs.ndim == 4 and all(
        side in (None, got) for side, got in zip(shape, inputs.shape[1:], strict=True)
    )
    if not fits:
        raise InvalidRequestError(f"Expected inputs of shape (n, *{tuple(shape)}). Received: {inputs.shape}.")
    return np.ascontiguousarray(inputs, np.float32)
