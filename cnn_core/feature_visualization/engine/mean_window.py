"""The mean of a convolution's map without the convolution.

The mean of a map is the dot product of the kernel with the mean of the windows that it meets. So the
last and often costliest convolution is never computed: only the channel asked for, from one mean
window per image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import keras
from cnn_core.probe.flat_graph import FlatGraph, Node
from cnn_core.probe.receptive_field import same_padding_before


def plain_convolution(graph: FlatGraph, tensor: Any) -> Node | None:
    """The convolution that computes ``tensor``, if it is of the kind that ``convolution_mean`` knows."""
    for node in reversed(graph.nodes):
        own = node.before_activation is tensor and all(tensor is not entry for entry in node.inputs)
        if own or node.output is tensor:
            layer = node.operation
            # a subclass may compute something else
            plain = type(layer) is keras.layers.Conv2D and layer.groups == 1
            return node if plain and layer.data_format == "channels_last" else None
    return None


def convolution_mean(node: Node) -> Callable[[Any, Any], Any]:
    """Function of the values ``(n, h, w, c)`` that enter a plain convolution and channels ``(n,)``.

    It gives the means ``(n,)`` of these channels' maps, before the non-linearity.
    """
    layer, entry = node.operation, node.inputs[0]
    down, across = (
        tap_windows(
            entry.shape[1 + axis],
            layer.kernel_size[axis],
            layer.strides[axis],
            layer.dilation_rate[axis],
            same=layer.padding == "same",
        )
        for axis in (0, 1)
    )

    def mean(values: Any, channels: Any) -> Any:
        ops = keras.ops
        windows = ops.einsum("yh,nhwc->nywc", down, values)  # (n, kh, w, c)
        windows = ops.einsum("xw,nywc->nyxc", across, windows)  # (n, kh, kw, c)
        kernels = ops.take(layer.kernel, channels, axis=3)  # (kh, kw, c, n)
        means = ops.sum(windows * ops.transpose(kernels, (3, 0, 1, 2)), axis=(1, 2, 3))  # (n,)
        return means + ops.take(layer.bias, channels) if layer.use_bias else means

    return mean


def tap_windows(cells: int, kernel: int, stride: int, dilation: int, *, same: bool) -> NDArray[np.float32]:
    """For each tap of a kernel along one axis, how often it meets each cell, as a mean.

    Returns:
        ``(kernel, cells)``; a row sums to 1, or to less where the tap lies on padding.
    """
    before = same_padding_before(cells, kernel, stride, dilation) if same else 0
    reach = (kernel - 1) * dilation + 1
    outputs = -(-cells // stride) if same else (cells - reach) // stride + 1
    windows = np.zeros((kernel, cells))
    for tap in range(kernel):
        met = np.arange(outputs) * stride + tap * dilation - before
        windows[tap, met[(met >= 0) & (met < cells)]] = 1 / outputs
    return windows.astype(np.float32)
