"""The kernels of the first convolution, which work on colours and can be seen as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.framework import keras
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import Probe


def first_layer_kernels(probe: Probe) -> NDArray[np.float32]:
    """The kernels of the first convolution as images: ``(n, kh, kw, c)``, raw signed weights.

    Raises:
        InvalidRequestError: the model has no plain convolution.
    """
    for node in flat_graph(probe.model).nodes:
        if isinstance(node.operation, keras.layers.Conv2D):
            with probe.weights:
                kernel = keras.ops.convert_to_numpy(node.operation.kernel)  # (kh, kw, c, n)
            return np.asarray(kernel, np.float32).transpose(3, 0, 1, 2)
    raise InvalidRequestError(
        "Expected a model with a convolution. Received one with none. Choose another model."
    )
