"""Scores of a picture of which a patch changed: only what the patch can reach is computed anew.

A patch reaches a few units of the first layers and a few more of each that follows. As long as layers come
one behind the other, each is run on the cells around the change alone, which are cut out of the maps of the
whole picture; where the change has spread over most of the map, or the network branches, its cells are put
back and the rest of the network is run as ever. The scores are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import backend, keras
from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through
from cnn_core.probe.layer_info import window_of
from cnn_core.probe.non_linearity import is_activation
from cnn_core.probe.receptive_field import Pair, Window

Float = NDArray[np.float32]
Starts = NDArray[np.intp]  # (n, 2): row and column of the first changed cell

MOST_SPREAD = 0.6  # of a map that may have changed; beyond it nothing is gained
NEVER_LARGEST = float(np.finfo(np.float32).min)
_SCALING = frozenset({"rescaling", "batchnormalization"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConeStep:
    """A layer with a window, run around a change.

    Attributes:
        source: symbolic tensor that it takes.
        window: how it slides.
        changed: cells that change in what it takes, and cells that then change in what it gives.
        sizes: of the map that it takes, and of the map that it gives.
        padding: value of the cells around the map.
        function: from cells ``(n, h, w, k)`` to what it and the layers up to the next window give.
    """

    source: Any
    window: Window
    changed: tuple[Pair, Pair]
    sizes: tuple[Pair, Pair]
    padding: float
    function: Callable[[Any], Any]

    def reached(self, starts: Starts) -> Starts:
        """The first cells that change in what it gives, for changes that begin at ``starts``."""
        window, (_, after), (_, size) = self.window, self.changed, self.sizes
        reach = np.array([(window.kernel[a] - 1) * window.dilation[a] for a in (0, 1)])
        first = -(-(starts + np.array(window.padding) - reach) // np.array(window.stride))
        return np.asarray(np.clip(first, 0, np.array(size) - np.array(after)), np.intp)

    def places(self, starts: Starts) -> NDArray[np.int32]:
        """Where the cells that it needs come from ``(n, h, w)``: see ``places_of``."""
        window, (before, after), (size, _) = self.window, self.changed, self.sizes
        firsts = self.reached(starts) * np.array(window.stride) - np.array(window.padding)
        lengths = [
            (after[a] - 1) * window.stride[a] + (window.kernel[a] - 1) * window.dilation[a] + 1
            for a in (0, 1)
        ]
        return places_of(firsts, (lengths[0], lengths[1]), starts, before, size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cone:
    """What a patch of some size reaches, layer by layer.

    Attributes:
        first: what happens to the pixels before the first window.
        steps: the layers run around the change, at least one.
        end: symbolic tensor behind the last of them, from which on the network is run whole.
    """

    first: Callable[[Any], Any]
    steps: tuple[ConeStep, ...]
    end: Any

    def places(self, corners: Starts) -> list[NDArray[np.int32]]:
        """Where the cells of each step come from, and at last those of the whole map ``(n, H, W)``."""
        found, starts = [], corners
        for step in self.steps:
            found.append(step.places(starts))
            starts = step.reached(starts)
        (_, changed), (_, size) = self.steps[-1].changed, self.steps[-1].sizes
        found.append(places_of(np.zeros_like(starts), size, starts, changed, size))
        return found


def places_of(firsts: Starts, lengths: Pair, starts: Starts, changed: Pair, size: Pair) -> NDArray[np.int32]:
    """Rows of a table for the cells of boxes ``(n, h, w)``.

    The table holds the cells of a map of ``size``, one cell of padding, and the ``changed`` cells of each of
    the ``n`` pictures, which begin at ``starts``. The boxes begin at ``firsts``.
    """
    axes = [firsts[:, a, None] + np.arange(lengths[a]) for a in (0, 1)]  # (n, h), (n, w)
    within = [axes[a] - starts[:, a, None] for a in (0, 1)]
    new = [(within[a] >= 0) & (within[a] < changed[a]) for a in (0, 1)]
    there = [(axes[a] >= 0) & (axes[a] < size[a]) for a in (0, 1)]
    old_place = axes[0][:, :, None] * size[1] + axes[1][:, None, :]
    own = np.arange(len(firsts))[:, None, None] * (changed[0] * changed[1])
    new_place = size[0] * size[1] + 1 + own + within[0][:, :, None] * changed[1] + within[1][:, None, :]
    place = np.where(new[0][:, :, None] & new[1][:, None, :], new_place, old_place)
    outside = ~(there[0][:, :, None] & there[1][:, None, :])
    return np.where(outside, size[0] * size[1], place).astype(np.int32)


def cone_of(graph: FlatGraph, side: Pair) -> Cone | None:
    """What a patch of ``side`` reaches; None where that is most of the first map, or the network branches."""
    before, *groups = _groups(graph)
    steps: list[ConeStep] = []
    changed, end = side, graph.input
    for node, *following in groups:
        sizes = [tensor.shape[1:3] for tensor in (node.inputs[0], node.output)]
        if any(None in size for size in sizes):
            break
        window = window_of(node)
        if window is None:
            break
        after = _spread(changed, window)
        if math.prod(after) > MOST_SPREAD * math.prod(sizes[1]):
            break
        steps.append(
            ConeStep(
                source=node.inputs[0],
                window=window,
                changed=(changed, after),
                sizes=(tuple(sizes[0]), tuple(sizes[1])),
                padding=NEVER_LARGEST if node.family == "maxpooling2d" else 0.0,
                function=_chained([_sliding(node), *map(_pointwise, following)]),
            )
        )
        changed, end = after, (following or [node])[-1].output
    first = _chained([_pointwise(node) for node in before])
    return Cone(first=first, steps=tuple(steps), end=end) if steps else None


def _groups(graph: FlatGraph) -> list[list[Node]]:
    """Layers one behind the other from the input on: those before the first window, then a list for each."""
    groups: list[list[Node]] = [[]]
    tensor = graph.input
    while True:
        consumers = [node for node in graph.nodes if any(each is tensor for each in node.inputs)]
        if len(consumers) != 1 or len(consumers[0].inputs) != 1 or any(tensor is o for o in graph.outputs):
            return groups
        node = consumers[0]
        if any(node.output is output for output in graph.outputs):  # scores come from inside it
            return groups
        if _slides(node):
            groups.append([node])
        elif _is_pointwise(node):
            groups[-1].append(node)
        else:
            return groups
        tensor = node.output


def _slides(node: Node) -> bool:
    """Whether it is a layer of Keras itself that slides a window and computes in full precision."""
    operation = node.operation
    if type(operation) not in (keras.layers.Conv2D, keras.layers.MaxPooling2D):
        return False
    return operation.dtype_policy.name == "float32" and getattr(operation, "groups", 1) == 1


def _is_pointwise(node: Node) -> bool:
    if node.family == "normalization" or len(node.output.shape) != 4:
        return False
    return passes_through(node) or node.family in _SCALING or is_activation(node.operation)


def _pointwise(node: Node) -> Callable[[Any], Any]:
    if passes_through(node):
        return lambda cells: cells
    if node.family == "batchnormalization":
        return lambda cells: node.operation(cells, training=False)
    function: Callable[[Any], Any] = node.operation
    return function


def _sliding(node: Node) -> Callable[[Any], Any]:
    layer, ops = node.operation, keras.ops
    if node.family == "maxpooling2d":
        return lambda cells: ops.max_pool(cells, layer.pool_size, layer.strides, padding="valid")

    def convolved(cells: Any) -> Any:
        found = ops.conv(cells, layer.kernel, layer.strides, "valid", dilation_rate=layer.dilation_rate)
        return layer.activation(found + layer.bias if layer.use_bias else found)

    return convolved


def _spread(changed: Pair, window: Window) -> Pair:
    """How many cells change behind a window, at most."""
    counts = [
        (changed[a] - 1 + (window.kernel[a] - 1) * window.dilation[a]) // window.stride[a] + 1 for a in (0, 1)
    ]
    return counts[0], counts[1]


def _chained(functions: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def chained(cells: Any) -> Any:
        for function in functions:
            cells = function(cells)
        return cells

    return chained


def cone_maps(graph: FlatGraph, cone: Cone) -> Any:
    """What gives the maps of a whole picture that changes are put into: that of each step, and the end."""
    return backend.Graph(graph.input, [*(step.source for step in cone.steps), cone.end])


def cone_scores(scores: Any, cone: Cone) -> Any:
    """What gives logits ``(n, classes)`` for patches, the maps of the whole picture, and ``cone.places``."""
    steps = [(step.function, step.padding) for step in cone.steps]
    return backend.ConeScores(cone.first, steps, keras.Model(cone.end, scores))
