"""The outputs of a model as class scores: always logits, always one per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.framework import keras
from cnn_core.probe.flat_graph import FlatGraph
from cnn_core.probe.output_meaning import Meaning, meaning_of

Float = NDArray[np.float32]
Region = tuple[float, float, float, float]  # top, left, bottom, right, as shares of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One output of a model.

    Attributes:
        name: Keras' name of the output.
        kind: ``binary`` (one unit for two classes: a sigmoid, or any unit where two classes are named),
            ``multilabel`` (several sigmoid units), ``softmax``, ``logits`` (several linear units) or
            ``regression`` (numbers that are no classes: one linear unit, or the features of a backbone).
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
    graph: FlatGraph,
    class_names: Sequence[str] | Mapping[str, Sequence[str]] | None,
    region: Region | None = None,
) -> tuple[tuple[Any, ...], tuple[Head, ...]]:
    """The outputs of a model as class scores.

    Args:
        graph: the model.
        class_names: of the only output with classes, or of each output by name; numbered when missing.
        region: of an output with a value per place, the part that is averaged; None: all of it.

    Returns:
        One symbolic tensor of logits ``(n, classes)`` per output, and one ``Head`` each.
    """
    meanings = [meaning_of(graph, output) for output in graph.outputs]
    units = [_units(output) for output in graph.outputs]
    # One unit that is no chance is a number, unless the only output of a model that names two classes.
    numbers = [u == 1 and (m is None or m.values == "signed") for m, u in zip(meanings, units, strict=True)]
    several = numbers.count(False) > 1
    scores, heads = [], []
    for name, output, meaning, count, number in zip(
        graph.output_names, graph.outputs, meanings, units, numbers, strict=True
    ):
        if isinstance(class_names, Mapping):
            names = class_names.get(name)
        else:
            names = None if several or (number and len(units) > 1) else class_names
        fits = names is not None and len(names) == (count if count != 1 else 2)
        kind = _kind(meaning, count, named=fits)
        if (
            kind == "logits"
            and not fits
            and _is_feature(graph, output, named=isinstance(class_names, Mapping))
        ):
            kind = "regression"
        scores.append(_scores(output, meaning, kind, region))
        heads.append(Head(name=name, kind=kind, class_names=_class_names(names, scores[-1].shape[-1], kind)))
    return tuple(scores), tuple(heads)


def _is_feature(graph: FlatGraph, output: Any, *, named: bool) -> bool:
    """Whether linear units without names that fit are no classes: maps, or what another output is made of.

    Args:
        named: whether classes are named by output, so that one without names has no classes.
    """
    node = graph.producer(output)
    others = [graph.ancestors(other) for other in graph.outputs if other is not output]
    within = node is not None and any(node.name in names for names in others)
    return named or within or len(output.shape) > 2


def _units(output: Any) -> int | None:
    """How many values a place of an output has."""
    return 1 if len(output.shape) < 2 else output.shape[-1]


def _scores(output: Any, meaning: Meaning | None, kind: str, region: Region | None) -> Any:
    """The logits ``(n, classes)`` of an output; the mean over its places, or over those of a region."""
    logits = output
    if meaning is not None and (meaning.values != "signed" or kind == "binary"):
        logits = meaning.scores(output)
    if len(logits.shape) < 2:
        logits = logits[:, None]  # (n, 1)
    if region is not None and len(logits.shape) == 4:
        logits = _mean_in(logits, region)  # (n, classes)
    elif len(logits.shape) > 2:
        logits = keras.ops.mean(logits, axis=tuple(range(1, len(logits.shape) - 1)))  # (n, classes)
    if kind == "binary":
        logits = keras.ops.concatenate([-logits, logits], axis=-1)  # (n, 2)
    return logits


def _mean_in(maps: Any, region: Region) -> Any:
    """The mean of maps ``(n, h, w, c)`` over the places whose centres lie in a region; at least one each way.

    Counted in the graph itself, so that the size of the maps may be free.
    """
    ops = keras.ops
    weights: Any = 1.0
    for axis, start, stop in zip((1, 2), region[:2], region[2:], strict=True):
        line = maps[:1, :, :1, :1] if axis == 1 else maps[:1, :1, :, :1]
        ones = ops.ones_like(line, dtype="float32")
        cells, place = ops.sum(ones), ops.cumsum(ones, axis=axis) - 1
        first = ops.minimum(cells - 1, ops.round(start * cells))
        last = ops.maximum(first + 1, ops.round(stop * cells))
        inside = ops.logical_and(place >= first, place < last)
        weights = weights * ops.cast(inside, "float32")  # (1, h, w, 1) at the end
    return ops.sum(maps * weights, axis=(1, 2)) / ops.sum(weights)


def check_region(region: Region) -> None:
    """Refuse what is no part of a picture.

    Raises:
        InvalidRequestError: outside it, or nothing of it.
    """
    top, left, bottom, right = region
    if not (0 <= top < bottom <= 1 and 0 <= left < right <= 1):
        raise InvalidRequestError(
            f"Expected a region as top, left, bottom, right from 0 to 1. Received: {region}."
        )


def _kind(meaning: Meaning | None, units: int | None, *, named: bool) -> str:
    values = None if meaning is None else meaning.values
    if values == "shares":
        return "softmax"
    if units == 1:
        return "binary" if values == "chances" or named else "regression"
    return "multilabel" if values == "chances" else "logits"


def _class_names(names: Sequence[str] | None, count: int, kind: str) -> tuple[str, ...]:
    if names is not None and len(names) == count:
        return tuple(names)
    if kind == "regression":
        return ("value",) if count == 1 else tuple(f"value {i}" for i in range(count))
    return tuple(f"class {i}" for i in range(count))
