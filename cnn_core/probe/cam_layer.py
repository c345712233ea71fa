"""The layer that class activation maps start at where none is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through
from cnn_core.probe.layer_info import POOLING_FAMILIES, LayerInfo


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
