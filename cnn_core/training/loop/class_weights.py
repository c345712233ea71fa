"""How much a picture counts in the loss, by how rare its class is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles


def class_weights(wish: str, files: LabelledFiles) -> NDArray[np.float32]:
    """Weight of a picture by its class, ``(classes,)``; over all pictures the mean is 1.

    Args:
        wish: ``none`` or ``balanced``, as in ``TrainingConfig.class_weights``.
        files: the training pictures.
    """
    counts = np.asarray(list(files.counts().values()), np.float32)
    if wish == "none":
        return np.ones_like(counts)
    return np.asarray(counts.sum() / (len(counts) * counts), np.float32)
