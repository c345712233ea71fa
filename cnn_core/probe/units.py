"""Where the units of a layer end: at their non-linearity, wherever that stands."""

from __future__ import annotations

from typing import Any

from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through

_CHANNELWISE_FAMILIES = frozenset({"batchnormalization", "rescaling"})


def unit_node(graph: FlatGraph, start: Node) -> Node:
    """The node whose non-linearity ends the units of a node.

    For a convolution followed by batch normalisation and ReLU as layers of their own, that is
    the ReLU; for anything with its activation as an argument, or without one, the node itself.
    """
    node = start
    while node.before_activation is None:
        following = graph.consumers(node)
        if len(following) != 1 or not _keeps_channels(following[0]):
            return start
        node = following[0]
    return node


def unit_tensor(node: Node) -> Any:
    """What enters the non-linearity of a node, or its output if it has none."""
    return node.output if node.before_activation is None else node.before_activation


def _keeps_channels(node: Node) -> bool:
    """Whether a node can stand between a unit and its non-linearity."""
    is_activation = node.before_activation is not None and node.before_activation is node.inputs[0]
    return is_activation or passes_through(node) or node.family in _CHANNELWISE_FAMILIES
