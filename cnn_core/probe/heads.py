"""The outputs of a model as class scores: always logits, always one per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.framework import keras
from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through

_SHAPE_FAMILIES = frozenset({"reshape", "flatten", "squeeze"})

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One output of a model.

    Attributes:
        name: Keras' name of the output.
        kind: ``binary`` (one sigmoid unit, two classes), ``multilabel`` (several sigmoid units),
            ``softmax``, ``logits`` (several linear units) or ``regression`` (one linear unit).
        class_names: one per score.
    """

    name: str
    kind: str
    class_names: tuple[str, ...]

    def probabilities(self, scores: Float) -> Float:
        """Probabilities ``(n, classes)`` from logits; the scores themselves for ``regression``."""
        logits = scores.astype(np.float64)
        if self.kind == "regression":
            return scores
        with np.errstate(invalid="ignore"):  # NaN stays NaN, and the result that takes it refuses it
            if self.kind in ("binary", "multilabel"):
                return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)
            shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
            probabilities: Float = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
            return probabilities


def check_head(heads: Sequence[Head], head: int) -> None:
    """Refuse an output that a model does not have.

    Raises:
        InvalidRequestError: no such output.
    """
    if not 0 <= head < len(heads):
        raise InvalidRequestError(f"Expected an output from 0 to {len(heads) - 1}. Received: {head}.")


def check_class(heads: Sequence[Head], head: int, class_index: int) -> None:
    """Refuse a class that an output does not have.

    Raises:
        InvalidRequestError: no such output or class.
    """
    check_head(heads, head)
    classes = len(heads[head].class_names)
    if not 0 <= class_index < classes:
        raise InvalidRequestError(f"Expected a class from 0 to {classes - 1}. Received: {class_index}.")


def heads_of(
    graph: FlatGraph, class_names: Sequence[str] | Mapping[str, Sequence[str]] | None
) -> tuple[tuple[Any, ...], tuple[Head, ...]]:
    """The outputs of a model as class scores.

    Args:
        graph: the model.
        class_names: of the only output with classes, or of each output by name; numbered when missing.

    Returns:
        One symbolic tensor of logits ``(n, classes)`` per output, and one ``Head`` each.
    """
    answers = [_scores(graph, output) for output in graph.outputs]
    several = sum(kind != "regression" for _, kind in answers) > 1
    heads = []
    for name, (logits, kind) in zip(graph.output_names, answers, strict=True):
        if isinstance(class_names, Mapping):
            names = class_names.get(name)
        else:
            names = None if several or kind == "regression" else class_names
        heads.append(Head(name=name, kind=kind, class_names=_class_names(names, logits.shape[-1], kind)))
    return tuple(logits for logits, _ in answers), tuple(heads)


def _scores(graph: FlatGraph, output: Any) -> tuple[Any, str]:
    """The logits ``(n, classes)`` of an output, and the kind of head."""
    logits, activation = _logits(graph, output)
    if len(logits.shape) < 2:
        logits = logits[:, None]  # (n, 1)
    if len(logits.shape) > 2:
        logits = keras.ops.mean(logits, axis=tuple(range(1, len(logits.shape) - 1)))  # (n, classes)
    kind = _kind(activation, logits.shape[-1])
    if kind == "binary":
        logits = keras.ops.concatenate([-logits, logits], axis=-1)  # (n, 2)
    return logits, kind


def _logits(graph: FlatGraph, output: Any) -> tuple[Any, str | None]:
    """What enters the last sigmoid or softmax, and which of the two it is."""
    node = graph.producer(output)
    while node is not None and (passes_through(node) or _only_reorders(node)):
        output, node = node.inputs[0], graph.producer(node.inputs[0])
    if node is None or node.activation not in ("sigmoid", "softmax"):
        return output, None
    axis = getattr(node.operation, "axis", -1)
    if node.activation == "softmax" and axis not in (-1, len(output.shape) - 1):
        return output, None  # a choice among places, not among classes
    return node.before_activation, node.activation


def _only_reorders(node: Node) -> bool:
    """Whether a node gives its values another shape but keeps one class per place on the last axis."""
    return node.family in _SHAPE_FAMILIES and node.output.shape[-1] == node.inputs[0].shape[-1]


def _kind(activation: str | None, units: int) -> str:
    if activation == "sigmoid":
        return "binary" if units == 1 else "multilabel"
    if activation == "softmax":
        return "softmax"
    return "regression" if units == 1 else "logits"


def _class_names(names: Sequence[str] | None, count: int, kind: str) -> tuple[str, ...]:
    if names is not None and len(names) == count:
        return tuple(names)
    return ("value",) if kind == "regression" else tuple(f"class {i}" for i in range(count))
