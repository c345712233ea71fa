"""What each layer of a network costs, and what it is called on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cnn_core.probe.flat_graph import FlatGraph, Node

_AT_EVERY_INPUT = frozenset({"conv2dtranspose"})
_AT_EVERY_OUTPUT = frozenset({"conv1d", "conv2d", "conv3d", "depthwiseconv2d", "separableconv2d", "dense"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """The cost of one call of a layer.

    Attributes:
        name: name in ``Probe.layers``.
        parameters: number of weights; 0 where an earlier call has counted them.
        trained: how many of these training changes.
        multiply_adds: multiplications that are summed up, for one picture, without biases and activations; 0
            for layers other than convolutions and dense ones, None where the size of the picture is free.
        inputs: names of the layers whose results it takes; empty for the picture.
    """

    name: str
    parameters: int
    trained: int
    multiply_adds: int | None
    inputs: tuple[str, ...]


def layer_costs(graph: FlatGraph) -> tuple[LayerCost, ...]:
    """Every node of a graph in order; parameters add up to those of ``model.summary()``."""
    makers = {id(node.output): node.name for node in graph.nodes}
    counted: set[int] = set()
    found = []
    for node in graph.nodes:
        weights = [] if id(node.operation) in counted else list(getattr(node.operation, "weights", []))
        counted.add(id(node.operation))
        trained = {id(weight) for weight in getattr(node.operation, "trainable_weights", [])}
        sizes = [(math.prod(weight.shape), id(weight) in trained) for weight in weights]
        found.append(
            LayerCost(
                name=node.name,
                parameters=sum(size for size, _ in sizes),
                trained=sum(size for size, changes in sizes if changes),
                multiply_adds=_multiply_adds(node),
                inputs=tuple(makers[id(one)] for one in node.inputs if id(one) in makers),
            )
        )
    return tuple(found)


def _multiply_adds(node: Node) -> int | None:
    """Each weight of a kernel is used once at every place: of the output, or of what is spread out."""
    if node.family in _AT_EVERY_INPUT:
        places = node.inputs[0].shape[1:-1]
    elif node.family in _AT_EVERY_OUTPUT:
        places = node.output.shape[1:-1]
    else:
        return 0
    if None in places:
        return None
    kernels = [weight.shape for weight in node.operation.weights if len(weight.shape) > 1]
    return int(math.prod(places) * sum(math.prod(shape) for shape in kernels))
