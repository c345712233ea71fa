"""Parts of a model compiled once: outputs, gradients, and gradient ascent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Arrays = list[NDArray[np.float32]]


class Graph:
    """A Keras model compiled once per shape of its input, as a function of NumPy arrays."""

    def __init__(self, inputs: Any, outputs: list[Any]) -> None:
        """Take the part of a symbolic graph between ``inputs`` and ``outputs``."""
        model = keras.Model(inputs, outputs)

        @tf.function(jit_compile=False, reduce_retracing=False)
        def forward(x: tf.Tensor) -> list[tf.Tensor]:
            return [tf.cast(y, tf.float32) for y in keras.tree.flatten(model(x, training=False))]

        self._forward = forward

    def __call__(self, inputs: NDArray[np.float32]) -> Arrays:
        """The outputs for ``(n, H, W, c)``, float32, in the order asked for."""
        return [_array(y) for y in self._forward(tf.constant(inputs))]


class ScoreGradient:
    """Scores of a model, and the gradient of one of them with respect to a layer or the input."""

    def __init__(self, inputs: Any, layer: Any | None, scores: Any) -> None:
        """Differentiate ``scores`` ``(n, classes)`` by ``layer``, or by the input if None."""
        model = keras.Model(inputs, [inputs if layer is None else layer, scores])

        @tf.function(jit_compile=False, reduce_retracing=False)
        def gradient(x: tf.Tensor, class_index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape() as tape:
                tape.watch(x)
                at, answer = model(x, training=False)
                at = x if layer is None else at
                total = tf.reduce_sum(tf.gather(answer, class_index, axis=1))
            slope = tape.gradient(total, at, unconnected_gradients="zero")
            return tf.cast(at, tf.float32), tf.cast(slope, tf.float32), tf.cast(answer, tf.float32)

        self._gradient = gradient

    def __call__(self, inputs: NDArray[np.float32], class_index: int) -> Arrays:
        """``[layer, gradient, scores]``; the first two have the layer's shape."""
        answers = self._gradient(tf.constant(inputs), tf.constant(class_index))
        return [_array(y) for y in answers]


class RivalGradients:
    """The gradients of two scores with respect to the input: one asked for, and the best of the others."""

    def __init__(self, inputs: Any, scores: Any) -> None:
        """Differentiate ``scores`` ``(n, classes)`` by the input, from one pass forward."""
        model = keras.Model(inputs, scores)

        @tf.function(jit_compile=False, reduce_retracing=False)
        def gradients(x: tf.Tensor, class_index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                answer = tf.cast(model(x, training=False), tf.float32)
                asked = tf.one_hot(class_index, tf.shape(answer)[1], on_value=True, off_value=False)
                own = tf.reduce_sum(tf.gather(answer, class_index, axis=1))
                rival = tf.reduce_sum(tf.reduce_max(tf.where(asked, answer.dtype.min, answer), axis=1))
            slopes = (tape.gradient(z, x, unconnected_gradients="zero") for z in (own, rival))
            return (*(tf.cast(slope, tf.float32) for slope in slopes), answer)

        self._gradients = gradients

    def __call__(self, inputs: NDArray[np.float32], class_index: int) -> Arrays:
        """``[gradient, gradient of the best other class, scores]``; the first two have the input's shape."""
        return [_array(y) for y in self._gradients(tf.constant(inputs), tf.constant(class_index))]


class MaskedScores:
    """Scores of a picture of which masks show some and a fill covers the rest."""

    def __init__(self, model: keras.Model) -> None:
        """``model`` gives scores ``(n, classes)`` for pictures."""

        @tf.function(jit_compile=False, reduce_retracing=False)
        def scores(masks: tf.Tensor, picture: tf.Tensor, fill: tf.Tensor) -> tf.Tensor:
            shown = fill + masks * (picture - fill)  # (n, H, W, c)
            return tf.cast(model(shown, training=False), tf.float32)

        self._scores = scores

    def __call__(
        self, masks: NDArray[np.float32], picture: NDArray[np.float32], fill: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """``(n, classes)`` for masks ``(n, H, W, 1)``, 0 hidden to 1 shown; the others ``(1, H, W, c)``."""
        return _array(self._scores(*(tf.constant(each) for each in (masks, picture, fill))))


class InputGradient:
    """The gradient of a score with respect to the input, alone."""

    def __init__(self, model: keras.Model) -> None:
        """``model`` gives scores ``(n, classes)`` for pictures."""

        @tf.function(jit_compile=False, reduce_retracing=False)
        def gradient(x: tf.Tensor, class_index: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(x)
                answer = tf.cast(model(x, training=False), tf.float32)
                total = tf.reduce_sum(tf.gather(answer, class_index, axis=1))
            return tf.cast(tape.gradient(total, x, unconnected_gradients="zero"), tf.float32)

        self._gradient = gradient

    def __call__(self, inputs: NDArray[np.float32], class_index: int) -> NDArray[np.float32]:
        """``(n, H, W, c)``, for each picture that of its own score."""
        return _array(self._gradient(tf.constant(inputs), tf.constant(class_index)))


@tf.custom_gradient
def _guided(x: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        passes = tf.logical_and(x > 0, upstream > 0)
        return tf.where(passes, upstream, tf.zeros_like(upstream))

    return tf.nn.relu(x), gradient


@tf.custom_gradient
def _deconvolved(x: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(upstream)

    return tf.nn.relu(x), gradient


_GATES = {"guided": _guided, "deconvnet": _deconvolved}


class GatedReLU(keras.layers.Layer):  # type: ignore[misc]
    """A ReLU, up to a largest value if there is one, that hands gradients back by a rule of its own."""

    def __init__(self, rule: str, largest: float | None = None, **options: Any) -> None:
        """``rule`` is ``guided`` or ``deconvnet``."""
        super().__init__(**options)
        self._gate, self._largest = _GATES[rule], largest

    def call(self, inputs: Any) -> Any:
        """The same values as the ReLU's."""
        values = self._gate(inputs)
        # The cut at the top hands nothing back from where it cuts, as in the ReLU6 that it stands for.
        return values if self._largest is None else tf.minimum(values, self._largest)


class Ascent:
    """Gradient ascent on a batch, any number of steps in one compiled loop.

    ``objective(optimized, fixed, now)`` gives a score per member of the batch, and
    ``rule(state, gradient, now)`` the next state, whose first array is what is optimized. ``fixed``
    are arrays that stay the same, ``now`` those of one step.
    """

    def __init__(
        self,
        objective: Callable[[Any, Sequence[Any], Sequence[Any]], Any],
        rule: Callable[[Sequence[Any], Any, Sequence[Any]], Sequence[Any]],
    ) -> None:
        """Both functions are written with ``keras.ops`` and compiled once per shape of the batch."""

        @tf.function(jit_compile=False, reduce_retracing=False)
        def ascend(state: Any, fixed: Any, schedule: Any) -> Any:
            steps = tf.shape(schedule[0])[0]

            def step(index: Any, state: Any, history: Any) -> Any:
                now = [array[index] for array in schedule]
                with tf.GradientTape() as tape:
                    tape.watch(state[0])
                    scores = objective(state[0], fixed, now)
                    total = tf.reduce_sum(scores)
                gradient = tape.gradient(total, state[0], unconnected_gradients="zero")
                return index + 1, list(rule(state, gradient, now)), history.write(index, scores)

            history = tf.TensorArray(tf.float32, size=steps)
            loop = (tf.constant(0), list(state), history)
            _, state, history = tf.while_loop(lambda index, *_: index < steps, step, loop)
            return state, history.stack()

        self._ascend = ascend

    def __call__(
        self, state: Sequence[Any], fixed: Sequence[Any], schedule: Sequence[Any]
    ) -> tuple[list[Any], NDArray[np.float32]]:
        """Take as many steps as the arrays of ``schedule`` are long.

        Returns:
            The state after the last step, and the scores before each step ``(steps, n)``.
        """
        groups = [[tf.convert_to_tensor(x) for x in group] for group in (state, fixed, schedule)]
        optimized, history = self._ascend(*groups)
        return list(optimized), history.numpy()


def _array(tensor: tf.Tensor) -> NDArray[np.float32]:
    """A tensor's values as a read-only array, without the copy that ``numpy()`` makes of them."""
    return np.asarray(memoryview(tensor))
