"""The outputs of a model as class scores: always logits, always one per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.flat_graph import FlatGraph, passes_through

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
        if self.kind in ("binary", "multilabel"):
            return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Float = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
        return probabilities


def heads_of(
    graph: FlatGraph, class_names: Sequence[str] | dict[str, Sequence[str]] | None
) -> tuple[tuple[Any, ...], tuple[Head, ...]]:
    """The outputs of a model as class scores.

    Args:
        graph: the model.
        class_names: of the one output, or of each output by name; numbered when missing.

    Returns:
        One symbolic tensor of logits ``(n, classes)`` per output, and one ``Head`` each.
    """
    scores, heads = [], []
    for name, output in zip(graph.output_names, graph.outputs, strict=True):
        logits, activation = _logits(graph, output)
        if len(logits.shape) < 2:
            logits = logits[:, None]  # (n, 1)
        if len(logits.shape) > 2:
            logits = keras.ops.mean(logits, axis=tuple(range(1, len(logits.shape) - 1)))  # (n, classes)
        units = logits.shape[-1]
        kind = _kind(activation, units)
        if kind == "binary":
            logits = keras.ops.concatenate([-logits, logits], axis=-1)  # (n, 2)
        names = class_names.get(name) if isinstance(class_names, dict) else class_names
        scores.append(logits)
        heads.append(Head(name=name, kind=kind, class_names=_class_names(names, logits.shape[-1], kind)))
    return tuple(scores), tuple(heads)


def _logits(graph: FlatGraph, output: Any) -> tuple[Any, str | None]:
    """What enters the last sigmoid or softmax, and which of the two it is."""
    node = graph.producer(output)
    while node is not None and passes_through(node):
        output, node = node.inputs[0], graph.producer(node.inputs[0])
    if node is None or node.activation not in ("sigmoid", "softmax"):
        return output, None
    axis = getattr(node.operation, "axis", -1)
    if node.activation == "softmax" and axis not in (-1, len(output.shape) - 1):
        return output, None  # a choice among places, not among classes
    return node.before_activation, node.activation


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
