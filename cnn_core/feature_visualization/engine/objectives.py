"""What is maximised, as values that can be added, subtracted and scaled.

``ClassLogit(index=1) - 0.5 * LayerNorm(layer_name="conv3")`` says what to measure, in names. ``compiled``
makes a function of it for a model and a size of images; all terms share one forward pass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.feature_visualization.engine.image_size import Size, sized_graph
from cnn_core.feature_visualization.engine.mean_window import convolution_mean, plain_convolution
from cnn_core.framework import backend, keras
from cnn_core.probe.flat_graph import FlatGraph, Node
from cnn_core.probe.heads import heads_of
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor

Measure = Callable[[Any, Any], Any]
Score = Callable[[Any, list[Any]], Any]


class Objective:
    """A weighted sum of terms."""

    def terms(self) -> tuple[tuple[float, Term], ...]:
        """Its terms, each with its weight."""
        raise NotImplementedError

    def __add__(self, other: Objective) -> Objective:
        return WeightedSum(self.terms() + other.terms())

    def __sub__(self, other: Objective) -> Objective:
        return self + -other

    def __mul__(self, factor: float) -> Objective:
        return WeightedSum(tuple((factor * weight, term) for weight, term in self.terms()))

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return self * -1.0

    @property
    def kind(self) -> Hashable:
        """What is compiled for it: equal for objectives that differ in weights and indices only."""
        return tuple(replace(term, index=0) for _, term in self.terms())

    def arguments(self, count: int) -> list[NDArray[Any]]:
        """The rest of it, for a batch of ``count``: weights ``(terms,)`` and ``(n,)`` indices per term."""
        weights = np.asarray([weight for weight, _ in self.terms()], np.float32)
        return [weights, *(np.full(count, term.index, np.int32) for _, term in self.terms())]


@dataclass(frozen=True, slots=True)
class WeightedSum(Objective):
    """What ``+``, ``-`` and ``*`` give."""

    parts: tuple[tuple[float, Term], ...]

    def terms(self) -> tuple[tuple[float, Term], ...]:
        """Its terms, each with its weight."""
        return self.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Objective, ABC):
    """One figure of the network for every image of a batch; another kind is another subclass.

    Attributes:
        layer_name: where it is measured; nothing behind is computed. None for the end of the network.
        index: which of several such figures: one for all images of a batch, or one for each.
    """

    layer_name: str | None = None
    index: int | tuple[int, ...] = 0

    def terms(self) -> tuple[tuple[float, Term], ...]:
        """Itself, once."""
        return ((1.0, self),)

    @abstractmethod
    def watch(self, graph: FlatGraph, node: Node) -> tuple[Any, Measure]:
        """What to compute, and what to make of it.

        Args:
            graph: the network.
            node: the one that ends the units of the layer, or the network.

        Returns:
            A symbolic tensor, and a function of its float32 values and ``(n,)`` indices that gives ``(n,)``.
        """


class ChannelMean(Term):
    """The mean of a channel's map before the non-linearity; ``index`` is the channel.

    Behind a ReLU a channel that does not fire has no gradient; before it every channel can be
    driven up from any start (Erhan et al. 2009; Olah et al. 2017).
    """

    def watch(self, graph: FlatGraph, node: Node) -> tuple[Any, Measure]:
        """The map before the non-linearity, or what enters the plain convolution that makes it."""
        unit = unit_tensor(node)
        convolution = plain_convolution(graph, unit)
        if convolution is not None:
            return convolution.inputs[0], convolution_mean(convolution)
        axes = tuple(range(1, len(unit.shape) - 1))
        return unit, lambda values, channels: _chosen(
            keras.ops.mean(values, axis=axes) if axes else values, channels
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLogit(Term):
    """The score of a class, never its probability; ``index`` is the class (Simonyan et al. 2014).

    Attributes:
        head: index of the output.
    """

    head: int = 0

    def watch(self, graph: FlatGraph, node: Node) -> tuple[Any, Measure]:
        """The logits of the head."""
        return heads_of(graph, None)[0][self.head], _chosen


class LayerNorm(Term):
    """The mean square of a layer's output: its L2 norm, squared, per unit (Mordvintsev et al. 2015)."""

    def watch(self, graph: FlatGraph, node: Node) -> tuple[Any, Measure]:
        """The output, its non-linearity included."""
        axes = tuple(range(1, len(node.output.shape)))
        return node.output, lambda values, _: keras.ops.mean(keras.ops.square(values), axis=axes)


def compiled(objective: Objective, probe: Probe, size_px: Size, precision: str = "float32") -> Score:
    """An objective as a function, for all objectives of its kind.

    Args:
        objective: what to measure.
        probe: the model.
        size_px: (height, width) of the images.
        precision: of the layers; ``cnn_core.processor.fast_precision()`` is enough to follow the gradient.

    Returns:
        Function of model inputs ``(n, H, W, c)`` and ``objective.arguments(n)``; gives ``(n,)``.

    Raises:
        InvalidRequestError: no such layer, or one that cannot be computed for images of that size.
    """
    terms = [term for _, term in objective.terms()]
    ends = [None if t.layer_name is None else probe.unit_node(t.layer_name).name for t in terms]
    graph = sized_graph(probe, ends, size_px)
    nodes = {node.name: node for node in graph.nodes} | {None: graph.nodes[-1]}
    watched = [term.watch(graph, nodes[end]) for term, end in zip(terms, ends, strict=True)]
    model = backend.in_precision(keras.Model(graph.input, [tensor for tensor, _ in watched]), precision)

    def score(inputs: Any, arguments: list[Any]) -> Any:
        weights, *indices = arguments
        total: Any = 0.0
        for number, values in enumerate(keras.tree.flatten(model(inputs, training=False))):
            measure = watched[number][1]
            total += weights[number] * measure(keras.ops.cast(values, "float32"), indices[number])
        return total

    return score


def _chosen(values: Any, indices: Any) -> Any:
    """Of ``(n, k)`` the one with each index, ``(n,)``."""
    return keras.ops.take_along_axis(values, indices[:, None], axis=1)[:, 0]
