"""What a person wants to know about each layer: a title, a shape, what its units can see."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through
from cnn_core.probe.non_linearity import family_of
from cnn_core.probe.receptive_field import PIXEL, Pair, ReceptiveField, Window, joined, same_padding_before

_TITLES = {
    "conv2d": "convolution",
    "depthwiseconv2d": "depthwise convolution",
    "separableconv2d": "separable convolution",
    "conv2dtranspose": "transposed convolution",
    "maxpooling2d": "max pooling",
    "averagepooling2d": "average pooling",
    "globalaveragepooling2d": "mean over the map",
    "globalmaxpooling2d": "maximum over the map",
    "batchnormalization": "batch normalisation",
    "relu": "ReLU",
    "dense": "dense",
    "add": "sum of branches",
    "concatenate": "branches side by side",
}
_PADDING_KINDS = frozenset({"pad", "zeropadding2d"})
# A unit of these sees what the units at the same place of its inputs see.
_POINTWISE_KINDS = frozenset(
    "batchnormalization rescaling normalization dense add subtract multiply average maximum minimum divide "
    "truedivide negative absolute power square sqrt exp log clip activation relu relu6 leakyrelu prelu elu "
    "layerscale celu selu gelu silu swish mish sigmoid hardsigmoid hardsilu hardswish softplus softsign "
    "logsigmoid tanh hardtanh exponential threshold".split()
)
# Of these only if they work along the channels.
_ALONG_AN_AXIS = frozenset({"concatenate", "softmax", "logsoftmax", "layernormalization"})
_WINDOW_KINDS = frozenset({"conv2d", "depthwiseconv2d", "separableconv2d"})
_WRAPPERS = frozenset({"spectralnormalization"})
_GATED_KINDS = frozenset("multiply add subtract divide truedivide".split())
POOLING_FAMILIES = frozenset({"maxpooling2d", "averagepooling2d"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInfo:
    """One layer of a flat model.

    Attributes:
        name: the model's own name for it, with those of nested models: ``backbone/conv1``.
        title: a person's name for it: ``Block 2, ReLU``.
        kind: class of the layer, ``Conv2D``.
        output_shape: without the batch axis; None where the model leaves a side free.
        parameters: number of weights, trainable or not.
        receptive_field: what one unit sees, or None where that is the whole picture or unknown.
        spatial: whether the output is a map larger than 1x1.
        convolution: whether the layer has kernels that slide over a map.
        padding: whether it only adds a frame; not worth looking at.
        activation: name of the non-linearity that the layer is or ends with, or None.
    """

    name: str
    title: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int
    receptive_field: ReceptiveField | None
    spatial: bool
    convolution: bool
    padding: bool
    activation: str | None


def layer_infos(graph: FlatGraph) -> tuple[LayerInfo, ...]:
    """Describe every node of a graph, in the order of computation."""
    fields = receptive_fields(graph)
    titles = _titles(graph)
    return tuple(
        LayerInfo(
            name=node.name,
            title=titles[node.name],
            kind=node.kind,
            output_shape=_shape(node),
            parameters=sum(math.prod(w.shape) for w in getattr(node.operation, "weights", [])),
            receptive_field=fields[node.name],
            spatial=_is_spatial(_shape(node)),
            convolution=_sliding(node)[1] in _WINDOW_KINDS or node.family == "conv2dtranspose",
            padding=node.family in _PADDING_KINDS,
            activation=node.activation,
        )
        for node in graph.nodes
    )


def receptive_fields(graph: FlatGraph) -> dict[str, ReceptiveField | None]:
    """The receptive field of every node by name; None for the whole picture or unknown."""
    by_tensor: dict[int, ReceptiveField | None] = {id(graph.input): PIXEL}
    fields: dict[str, ReceptiveField | None] = {}
    for node in graph.nodes:
        incoming = [by_tensor.get(id(tensor)) for tensor in node.inputs]
        field = _field_behind(node, incoming)
        fields[node.name] = by_tensor[id(node.output)] = field
    return fields


def _field_behind(node: Node, incoming: list[ReceptiveField | None]) -> ReceptiveField | None:
    before = _gated(node, incoming) or (joined(incoming) if incoming else None)
    if before is None or _is_pointwise(node) or _works_on_channels(node):
        return before
    if len(node.output.shape) != 4 or any(len(t.shape) != 4 for t in node.inputs):
        return None
    if node.family == "upsampling2d":
        factor = tuple(node.operation.size)
        if node.operation.interpolation != "nearest":
            before = before.through(Window(kernel=(3, 3), padding=(1, 1)))
        return before.upsampled((factor[0], factor[1]))
    if node.family == "resizing":
        return _resized(node, before)
    window = window_of(node)
    return None if window is None else before.through(window)


def _gated(node: Node, incoming: list[ReceptiveField | None]) -> ReceptiveField | None:
    """The field of maps that are weighted by one number per channel, which may see the whole picture."""
    if node.family not in _GATED_KINDS or not _is_spatial(_shape(node)):
        return None
    maps = [field for tensor, field in zip(node.inputs, incoming, strict=True) if _is_map(tensor)]
    found = joined(maps) if 0 < len(maps) < len(incoming) else None
    return None if found is None else replace(found, whole=True)


def _is_map(tensor: Any) -> bool:
    return len(tensor.shape) == 4 and _is_spatial(tuple(tensor.shape[1:]))


def _resized(node: Node, before: ReceptiveField) -> ReceptiveField | None:
    """Behind a layer that stretches maps; None where their size is free, or their proportions are kept."""
    kept = any(getattr(node.operation, f"{how}_to_aspect_ratio", False) for how in ("crop", "pad"))
    old, new = node.inputs[0].shape[1:3], node.output.shape[1:3]
    if kept or None in (*old, *new):
        return None
    return before.resized((old[0], old[1]), (new[0], new[1]))


def _is_pointwise(node: Node) -> bool:
    """Whether each value depends on those at its own place alone, of maps (n, h, w, c) or (n, h, w)."""
    ranks = {len(tensor.shape) for tensor in (*node.inputs, node.output)}
    mixes_columns = node.family == "dense" or node.family in _ALONG_AN_AXIS  # where there are no channels
    if ranks != {4} and (ranks != {3} or mixes_columns):
        return False
    if node.family in _ALONG_AN_AXIS:
        axis = node.operation.axis
        return axis in (-1, 3, [-1], [3])
    return passes_through(node) or node.family in _POINTWISE_KINDS


def _works_on_channels(node: Node) -> bool:
    """Whether a node only picks channels, or puts maps (n, h, w) together as channels."""
    family, axis = node.family, getattr(node.operation, "axis", None)
    maps = {len(tensor.shape) for tensor in node.inputs}
    if family == "getitem":
        return maps == {4} and _picks_channels(node.arguments[0] if node.arguments else None)
    if family in ("split", "squeeze", "flip"):
        return maps == {4} and axis in (-1, 3, (-1,), (3,), [-1], [3])
    return family in ("stack", "expanddims") and maps == {3} and axis in (-1, 3)


def _picks_channels(key: Any) -> bool:
    """Whether an index of a map takes all pictures and places."""
    if not isinstance(key, tuple | list):  # a list in a loaded file
        return False
    if len(key) == 2:
        return key[0] is Ellipsis and key[1] is not Ellipsis
    return len(key) == 4 and all(isinstance(each, slice) and each == slice(None) for each in key[:3])


def window_of(node: Node) -> Window | None:
    """How a layer slides over the maps that it takes; None for one that does not."""
    operation, kind = _sliding(node)
    if kind in _PADDING_KINDS:
        pads = operation.pad_width[1:3] if kind == "pad" else operation.padding
        if len(pads) != 2:
            return None
        return Window(padding=(int(pads[0][0]), int(pads[1][0])))
    if kind == "cropping2d":
        return Window(padding=(-operation.cropping[0][0], -operation.cropping[1][0]))
    if kind == "centercrop":
        return _middle(node)
    if kind in _WINDOW_KINDS:
        kernel, dilation = _pair(operation.kernel_size), _pair(operation.dilation_rate)
    elif kind in POOLING_FAMILIES:
        kernel, dilation = _pair(operation.pool_size), (1, 1)
    else:
        return None
    stride = _pair(operation.strides)
    padding = (0, 0)
    if operation.padding == "same":
        sides = node.inputs[0].shape[1:3]
        before = [same_padding_before(sides[a], kernel[a], stride[a], dilation[a]) for a in (0, 1)]
        padding = (before[0], before[1])
    return Window(kernel=kernel, stride=stride, dilation=dilation, padding=padding)


def _sliding(node: Node) -> tuple[Any, str]:
    """What slides over the maps, and its family: the layer inside a wrapper that only changes its kernel."""
    inner = getattr(node.operation, "layer", None) if node.family in _WRAPPERS else None
    return (node.operation, node.family) if inner is None else (inner, family_of(inner))


def _middle(node: Node) -> Window | None:
    """What cuts the middle out; None where the size is free, or a smaller picture is stretched first."""
    old, new = node.inputs[0].shape[1:3], node.output.shape[1:3]
    if None in (*old, *new) or old[0] < new[0] or old[1] < new[1]:
        return None
    return Window(padding=(-((old[0] - new[0]) // 2), -((old[1] - new[1]) // 2)))


def _pair(value: Any) -> Pair:
    if isinstance(value, int):
        return value, value
    return int(value[0]), int(value[1])


def _shape(node: Node) -> tuple[int | None, ...]:
    return tuple(node.output.shape[1:])


def _is_spatial(shape: tuple[int | None, ...]) -> bool:
    return len(shape) == 3 and any(side is None or side > 1 for side in shape[:2])


def _titles(graph: FlatGraph) -> dict[str, str]:
    """Titles like ``Block 2, ReLU``: a block ends where the map gets smaller."""
    groups: list[tuple[str, str]] = []
    block, side = 1, graph.input.shape[1:3]
    for node in graph.nodes:
        shape = _shape(node)
        if not _is_spatial(shape):
            groups.append(("Head", _noun(node)))
            continue
        smaller = _shrinks(side, shape[:2])
        pooling = node.family in POOLING_FAMILIES
        if smaller and not pooling:
            block += 1
        groups.append((f"Block {block}", _noun(node)))
        if smaller and pooling:
            block += 1
        side = shape[:2]
    counts, seen = Counter(groups), Counter[tuple[str, str]]()
    titles = {}
    for node, group in zip(graph.nodes, groups, strict=True):
        seen[group] += 1
        number = f" {seen[group]}" if counts[group] > 1 else ""
        titles[node.name] = f"{group[0]}, {group[1]}{number}{_ending(node)}"
    return titles


def _shrinks(before: tuple[int | None, ...], after: tuple[int | None, ...]) -> bool:
    """Whether a map has at most two thirds of the rows of the one before: not a frame cut off."""
    if before[0] is None or after[0] is None:
        return False
    return after[0] * 3 <= before[0] * 2


def _noun(node: Node) -> str:
    if node.family == "activation":
        return _TITLES.get(node.activation or "", node.activation or "linear")
    return _TITLES.get(node.family, node.kind)


def _ending(node: Node) -> str:
    """The non-linearity that a layer ends with: `` + ReLU``; nothing for one that is a layer of its own."""
    if node.before_activation is None or node.before_activation is node.inputs[0]:
        return ""
    return f" + {_TITLES.get(node.activation or '', node.activation)}"
