"""The layer that class activation maps start at where none is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through
from cnn_core.probe.layer_info import POOLING_FAMILIES, LayerInfo

_ANSWERS = frozenset({"softmax", "sigmoid"})  # whose logits are what the weights sum up to

_WEIGHED_MEANS = (["mean", "weighed"], ["mean", "weighed", "answered"], ["mean", "answer"])


def cam_layer(graph: FlatGraph, layers: Sequence[LayerInfo], output: Any) -> str | None:
    """The last map behind an output: after its activation, before its pooling, not the output itself.

    Args:
        graph: the model.
        layers: of its nodes, in the same order.
        output: one of its outputs.

    Returns:
        The name of the layer; None where no map is larger than 1x1.
    """
    behind = graph.ancestors(output)
    pairs = zip(graph.nodes, layers, strict=True)
    spatial = [node for node, info in pairs if info.spatial and not info.padding]
    maps = [node for node in spatial if node.name in behind and not passes_through(node)]
    while maps and _is_output(graph, maps[-1], output):
        maps.pop()
    while len(maps) > 1 and maps[-1].family in POOLING_FAMILIES and maps[-2].output is maps[-1].inputs[0]:
        maps.pop()
    return maps[-1].name if maps else None


def _is_output(graph: FlatGraph, node: Node, output: Any) -> bool:
    """Whether a node is an output, or becomes it by a non-linearity or less."""
    while node.output is not output:
        following = graph.consumers(node)
        if len(following) != 1:
            return False
        node = following[0]
        if not (passes_through(node) or node.before_activation is node.inputs[0]):
            return False
    return True


def weighs_means(graph: FlatGraph, layer_name: str | None, output: Any) -> bool:
    """Whether the score of an output is a weighed sum of the means of a layer's maps, as CAM needs it.

    Args:
        graph: the model.
        layer_name: the layer; None where there is none.
        output: one of its outputs.
    """
    behind = graph.ancestors(output)
    node = next((each for each in graph.nodes if each.name == layer_name), None)
    steps: list[str] = []
    while node is not None and node.output is not output:
        following = [each for each in graph.consumers(node) if each.name in behind]
        node = following[0] if len(following) == 1 else None
        if node is not None and not passes_through(node):
            steps.append(_step(node))
    bare = [step for step in steps if step != "reshaped"]
    return node is not None and bare in _WEIGHED_MEANS


def _step(node: Node) -> str:
    """What a node does behind a layer with a map, in a word."""
    answers = node.activation in _ANSWERS
    if node.family in ("globalaveragepooling2d", "mean"):
        return "mean"
    if node.family in ("flatten", "reshape", "squeeze"):
        return "reshaped"
    if node.family == "dense" and (answers or node.activation is None):
        return "answer" if answers else "weighed"
    return "answered" if answers and node.before_activation is node.inputs[0] else node.family
