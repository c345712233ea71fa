"""What a pattern climbs: the mean of one channel's map before the non-linearity.

Behind a ReLU a channel that does not fire has no gradient; before it every channel can be
climbed from any start (Erhan et al. 2009; Olah et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.backend import in_precision
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.flat_graph import FlatGraph, Node, flat_graph
from cnn_core.probe.probe import Probe, unit_tensor
from cnn_core.probe.receptive_field import same_padding_before

Objective = Callable[[Any, Any], Any]
Size = tuple[int, int]


def channel_objective(probe: Probe, layer_name: str, size: Size, precision: str = "float32") -> Objective:
    """The mean of a channel's map before the non-linearity, as a function to climb.

    The mean of a convolution's map is the dot product of its kernel with the mean of the windows
    that the kernel meets. So where the layer is a plain convolution, the last and often costliest
    convolution is never computed: only the channel asked for, from one mean window per picture.

    Args:
        probe: the model.
        layer_name: the layer.
        size: (height, width) of the pictures.
        precision: of the layers below; ``cnn_core.backend.fast_precision()`` is enough to climb by.

    Returns:
        Function of model inputs ``(n, H, W, c)`` and channel indices ``(n,)``; gives ``(n,)``.

    Raises:
        InvalidRequestError: the layer cannot be computed for pictures of that size.
    """
    graph = _graph(probe, layer_name, size)
    unit = unit_tensor(graph.nodes[-1])
    source = _producer(graph, unit)
    if source is not None and _is_plain_convolution(source):
        return _convolution_mean(graph, source, precision)
    model = in_precision(keras.Model(graph.input, unit), precision)
    axes = tuple(range(1, len(unit.shape) - 1))

    def mean_of_channel(inputs: Any, channels: Any) -> Any:
        values = keras.ops.cast(model(inputs, training=False), "float32")
        means = keras.ops.mean(values, axis=axes) if axes else values  # (n, k)
        return keras.ops.take_along_axis(means, channels[:, None], axis=1)[:, 0]  # (n,)

    return mean_of_channel


def channel_count(probe: Probe, layer_name: str) -> int:
    """Number of channels of a layer."""
    return int(unit_tensor(probe.unit_node(layer_name)).shape[-1])


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


def _convolution_mean(graph: FlatGraph, node: Node, precision: str) -> Objective:
    layer, entry = node.operation, node.inputs[0]
    trunk = None if entry is graph.input else in_precision(keras.Model(graph.input, entry), precision)
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

    def mean_of_channel(inputs: Any, channels: Any) -> Any:
        ops = keras.ops
        values = inputs if trunk is None else trunk(inputs, training=False)  # (n, h, w, c)
        windows = ops.einsum("yh,nhwc->nywc", down, ops.cast(values, "float32"))  # (n, kh, w, c)
        windows = ops.einsum("xw,nywc->nyxc", across, windows)  # (n, kh, kw, c)
        kernels = ops.take(layer.kernel, channels, axis=3)  # (kh, kw, c, n)
        means = ops.sum(windows * ops.transpose(kernels, (3, 0, 1, 2)), axis=(1, 2, 3))  # (n,)
        return means + ops.take(layer.bias, channels) if layer.use_bias else means

    return mean_of_channel


def _graph(probe: Probe, layer_name: str, size: Size) -> FlatGraph:
    name = probe.unit_node(layer_name).name
    try:
        graph = flat_graph(probe.model, input_size=size, until=name)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise InvalidRequestError(
            f"Expected a picture size that {layer_name!r} can be computed for. "
            f"Received: {size[0]} x {size[1]}. Choose the model's own size."
        ) from error
    empty = any(side is not None and side < 1 for side in unit_tensor(graph.nodes[-1]).shape[1:])
    if empty or any(_mirrors_too_far(node) for node in graph.nodes):
        raise InvalidRequestError(
            f"Expected pictures large enough for {layer_name!r}. "
            f"Received: {size[0]} x {size[1]}. Choose a larger size."
        )
    return graph


def _mirrors_too_far(node: Node) -> bool:
    """Whether a node mirrors more cells than there are, which fails only when it is computed."""
    reach = {"reflect": 1, "symmetric": 0}.get(str(getattr(node.operation, "mode", "")))
    if node.family != "pad" or reach is None:
        return False
    sides = node.inputs[0].shape[1:3]
    return any(
        side is not None and side < max(pads) + reach
        for side, pads in zip(sides, node.operation.pad_width[1:3], strict=True)
    )


def _producer(graph: FlatGraph, tensor: Any) -> Node | None:
    """The node that computes ``tensor``, with or without its non-linearity after it."""
    for node in reversed(graph.nodes):
        own = node.before_activation is tensor and all(tensor is not entry for entry in node.inputs)
        if own or node.output is tensor:
            return node
    return None


def _is_plain_convolution(node: Node) -> bool:
    layer = node.operation
    if type(layer) is not keras.layers.Conv2D:  # a subclass may compute something else
        return False
    return bool(layer.groups == 1 and layer.data_format == "channels_last")
