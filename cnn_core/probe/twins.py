"""The same network asked otherwise: other weights, a part of the output, a contrast, other gradients."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from cnn_core.errors import ModelError
from cnn_core.framework import keras
from cnn_core.probe.compiled import CompiledGraphs
from cnn_core.probe.flat_graph import FlatGraph, Node, flat_graph
from cnn_core.probe.heads import Head, Region, check_class, check_region, heads_of


class Twins:
    """What a probe makes of itself; each twin shares the model, and mostly what is compiled for it."""

    model: keras.Model
    heads: tuple[Head, ...]
    weights: AbstractContextManager[Any]
    _graph: FlatGraph
    _nodes: dict[str, Node]
    _scores: tuple[Any, ...]
    _class_names: Sequence[str] | Mapping[str, Sequence[str]] | None
    _compiled: CompiledGraphs
    _question: tuple[Region | None, int, int | None]  # region, head, against

    def with_weights(self, weights: AbstractContextManager[Any]) -> Self:
        """The same network, compiled once for both, with what it weighs while ``weights`` is held."""
        return self._twin(weights=weights)

    def in_region(self, region: Region | None) -> Self:
        """The same network, asked for the mean answer over a part of an output that has places.

        Outputs without places answer as ever.

        Raises:
            InvalidRequestError: no part of a picture.
        """
        if region is None:
            return self
        check_region(region)
        scores, heads = heads_of(self._graph, self._class_names, region)
        return self._twin(_question=(region, *self._question[1:]), _scores=scores, heads=heads)

    def against(self, head: int, class_index: int | None) -> Self:
        """The same network, whose scores of an output are their difference from that of a class.

        Raises:
            InvalidRequestError: no such output or class.
        """
        if class_index is None:
            return self
        check_class(self.heads, head, class_index)
        scores = list(self._scores)
        scores[head] = scores[head] - scores[head][:, class_index : class_index + 1]
        return self._twin(_question=(self._question[0], head, class_index), _scores=tuple(scores))

    def gated(self, rule: str) -> Self:
        """The same network, whose ReLUs hand gradients back by ``guided`` or ``deconvnet``; answers stay.

        Made once; this one is left as it is.
        """
        key = ("gated", rule, *self._question)
        kept: Self = self._compiled.kept(key, lambda: self._gated(rule))
        return kept.with_weights(self.weights)

    def copied(self) -> Self:
        """The same network with weights of its own, asked the same; whatever becomes of them, this one stays.

        What is compiled for it is its own too.

        Raises:
            ModelError: layers that Keras cannot make a second time.
        """
        with self.weights, self._compiled.lock:
            model = _cloned(self.model)
        graph, (region, head, other) = flat_graph(model), self._question
        scores, heads = heads_of(graph, self._class_names, region)
        nodes, own = {node.name: node for node in graph.nodes}, CompiledGraphs()
        changes = {"_graph": graph, "_nodes": nodes, "_scores": scores, "heads": heads, "_compiled": own}
        return self._twin(model=model, weights=nullcontext(), **changes).against(head, other)

    def _gated(self, rule: str) -> Self:
        graph, (region, head, other) = flat_graph(self.model, gate=rule), self._question
        scores, heads = heads_of(graph, self._class_names, region)
        nodes, own = {node.name: node for node in graph.nodes}, CompiledGraphs(self._compiled.lock)
        twin = self._twin(_graph=graph, _nodes=nodes, _scores=scores, heads=heads, _compiled=own)
        return twin.against(head, other)

    def _twin(self, **changes: Any) -> Self:
        twin = copy.copy(self)
        vars(twin).update(changes)
        return twin


def _cloned(model: keras.Model) -> keras.Model:
    try:
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ModelError(
            f"Expected a network whose layers Keras can make a second time. Received one that it cannot "
            f"({error}). Ask for what needs no copy of it."
        ) from error
    return clone
