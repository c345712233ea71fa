"""What the values of an output stand for, found behind averages, clips, slices and reshapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cnn_core.framework import keras
from cnn_core.probe.flat_graph import FlatGraph, Node, passes_through

_BY_ACTIVATION = {
    "softmax": "shares",
    "sigmoid": "chances",
    "hard_sigmoid": "chances",
    "hardsigmoid": "chances",
    "tanh": "signed",
}
_SHAPE_FAMILIES = frozenset("reshape flatten squeeze expanddims getitem".split())
_MEAN_FAMILIES = frozenset("mean globalaveragepooling1d globalaveragepooling2d".split())
_ROUNDING = 1e-6  # a clip this close to the ends of a range changes no answer
_SMALLEST = 1e-30  # of a share whose logarithm is taken
_SMALLEST_CHANCE = 1e-7  # as near as float32 comes to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the values of a tensor stand for.

    Attributes:
        values: ``shares`` (of classes that exclude one another, summing to 1 on the last axis), ``chances``
            (each from 0 to 1) or ``signed`` (each from -1 to 1).
        logits: the tensor that a softmax or sigmoid made them of, where nothing but a change of shape came
            after; else None.
    """

    values: str
    logits: Any | None = None

    def scores(self, tensor: Any) -> Any:
        """The log odds of the values of ``tensor``, or the logarithm of its shares.

        Their softmax, or sigmoid, gives the values again.
        """
        if self.logits is not None:
            return self.logits
        ops = keras.ops
        if self.values == "shares":
            return ops.log(ops.maximum(tensor, _SMALLEST))
        chances = (tensor + 1) / 2 if self.values == "signed" else tensor
        chances = ops.clip(chances, _SMALLEST_CHANCE, 1 - _SMALLEST_CHANCE)
        return ops.log(chances) - ops.log(1 - chances)


def meaning_of(graph: FlatGraph, tensor: Any) -> Meaning | None:
    """What the values of a tensor stand for; None where no squashing function bounds them."""
    node = graph.producer(tensor)
    if node is None:
        return None
    if passes_through(node):
        return meaning_of(graph, node.inputs[0])
    if node.activation is not None:
        return _of_activation(node)
    if node.family in _SHAPE_FAMILIES:
        return _reshaped(node, meaning_of(graph, node.inputs[0]))
    if node.family == "clip":
        return _clipped(node, meaning_of(graph, node.inputs[0]))
    if node.family == "average":
        first, *others = [meaning_of(graph, each) for each in node.inputs]
        same = first is not None and all(o is not None and o.values == first.values for o in others)
        return replace(first, logits=None) if first is not None and same else None
    if node.family in _MEAN_FAMILIES and _keeps_last_axis(node):
        found = meaning_of(graph, node.inputs[0])
        return None if found is None else replace(found, logits=None)
    return None


def _of_activation(node: Node) -> Meaning | None:
    values = _BY_ACTIVATION.get(node.activation or "")
    if values is None:
        return None
    axis = getattr(node.operation, "axis", -1)
    if values == "shares" and axis not in (-1, len(node.output.shape) - 1):
        return Meaning(values="chances")  # a choice among places, not among classes
    exact = node.activation in ("softmax", "sigmoid")
    return Meaning(values=values, logits=node.before_activation if exact else None)


def _reshaped(node: Node, found: Meaning | None) -> Meaning | None:
    """Values in another shape, or some of them; shares of which some are missing are chances."""
    if found is None:
        return None
    before, after = node.inputs[0].shape, node.output.shape
    same_places = node.family != "getitem" or len(before) == len(after) == 2
    if after[-1] == before[-1] and len(after) > 1 and same_places:
        return found
    if len(after) == 1 and before[-1] == 1 and len(before) == 2:
        return found  # one unit, (n, 1) to (n,)
    values = "chances" if found.values == "shares" and after[-1] != before[-1] else found.values
    return Meaning(values=values)


def _clipped(node: Node, found: Meaning | None) -> Meaning | None:
    if found is None:
        return None
    least, most = (getattr(node.operation, name, None) for name in ("x_min", "x_max"))
    lowest = -1.0 if found.values == "signed" else 0.0
    ends = [end for end in (least, most) if isinstance(end, int | float)]
    if len(ends) == 2 and ends[0] <= lowest + _ROUNDING and ends[1] >= 1 - _ROUNDING:
        return found
    return Meaning(values="chances" if found.values == "shares" else found.values)


def _keeps_last_axis(node: Node) -> bool:
    """Whether a mean is over places, so that the classes stay apart."""
    rank = len(node.inputs[0].shape)
    if node.family != "mean":
        return getattr(node.operation, "data_format", None) == "channels_last"
    axis = getattr(node.operation, "axis", None)
    axes = [axis] if isinstance(axis, int) else list(axis or range(rank))
    return rank - 1 not in [each % rank for each in axes] and 0 not in axes
