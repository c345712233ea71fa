"""Relevance handed down through the steps of a network, in one compiled pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

TINY = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelevanceStep:
    """One step of a network, as relevance is handed back through it.

    Attributes:
        inputs: symbolic tensors that it works on.
        output: its symbolic result, before a non-linearity, which hands relevance through.
        rule: ``share``: each input by its part of the result; ``winner``: all to the largest; ``gated``: all
            to the first of ``inputs``, the others count as constants.
        function: the step as a function of its inputs, ``share`` with the weights that the rule wants.
        bias: ``(k,)`` tensors by a function without arguments; None for a step without.
        zero: whether what the step gives for zeros is its bias, to be asked.
    """

    inputs: tuple[Any, ...]
    output: Any
    rule: str
    function: Callable[..., Any]
    bias: Callable[[], Any] | None = None
    zero: bool = False


class Relevance:
    """The relevance of the input for a score, and what of the score the biases are worth."""

    def __init__(
        self,
        graph_input: Any,
        base: Any,
        head: keras.Model | None,
        steps: Sequence[RelevanceStep],
        epsilon: float,
    ) -> None:
        """Hand scores, which ``head`` makes of ``base`` or are it, back through ``steps``, in their order."""
        needed = {id(tensor): tensor for step in steps for tensor in step.inputs} | {id(base): base}
        values = keras.Model(graph_input, list(needed.values()))

        @tf.function(jit_compile=False, reduce_retracing=False)
        def relevance(x: tf.Tensor, class_index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            at = dict(zip(needed, keras.tree.flatten(values(x, training=False)), strict=True))
            answer, start = _begin(head, at[id(base)], class_index)
            held: dict[int, Any] = {id(base): start}
            biases = tf.zeros([])
            for step in reversed(steps):
                arriving = held.pop(id(step.output), None)
                if arriving is None:
                    continue
                shares, bias = _handed_back(step, [at[id(each)] for each in step.inputs], arriving, epsilon)
                biases += bias
                for tensor, share in zip(step.inputs, shares, strict=True):
                    known = held.get(id(tensor))
                    held[id(tensor)] = share if known is None else known + share
            left = held.get(id(graph_input), tf.zeros_like(x))
            return tf.cast(left, tf.float32), biases, answer

        self._relevance = relevance

    def __call__(self, inputs: NDArray[np.float32], class_index: int) -> list[NDArray[np.float32]]:
        """Relevance ``(1, H, W, c)`` of a picture, share of the biases ``()``, scores ``(1, classes)``."""
        found = self._relevance(tf.constant(inputs), tf.constant(class_index))
        return [np.asarray(each) for each in found]


def _begin(head: keras.Model | None, base: Any, class_index: Any) -> tuple[Any, Any]:
    """The scores, and the one that is asked about as relevance of what they are made of."""
    with tf.GradientTape() as tape:
        tape.watch(base)
        answer = base if head is None else head(base, training=False)
        score = tf.reduce_sum(tf.gather(answer, class_index, axis=1))
    return answer, base * tape.gradient(score, base, unconnected_gradients="zero")


def _handed_back(
    step: RelevanceStep, inputs: list[Any], arriving: Any, epsilon: float
) -> tuple[list[Any], Any]:
    """The relevance of each input, and that of the bias."""
    none = tf.zeros([])
    if step.rule == "gated":
        return [arriving, *(tf.zeros_like(each) for each in inputs[1:])], none
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        result = step.function(*inputs)
    if step.rule == "winner":
        return list(tape.gradient(result, inputs, arriving, unconnected_gradients="zero")), none
    size = epsilon * tf.reduce_mean(tf.abs(result)) + TINY
    per_unit = arriving / (result + tf.where(result >= 0, size, -size))
    slopes = tape.gradient(result, inputs, per_unit, unconnected_gradients="zero")
    bias = none
    if step.bias is not None:
        bias = tf.reduce_sum(per_unit * step.bias())
    elif step.zero:
        bias = tf.reduce_sum(per_unit * step.function(*(tf.zeros_like(each) for each in inputs)))
    return [each * slope for each, slope in zip(inputs, slopes, strict=True)], bias
