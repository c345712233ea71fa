"""Layers and their precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation (Ioffe and Szegedy 2015) through TensorFlow's one fused kernel.

    Same weights as Keras' own layer, which computes mean, variance and scaling as separate passes over
    memory and is several times slower in bfloat16 on a CPU. The one difference: the moving variance
    takes in the unbiased variance of each batch, larger by ``n / (n - 1)`` for ``n`` values a channel.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise ``(n, h, w, k)`` over the batch, or with the moving statistics."""
        if not training:
            return super().call(inputs, training=False, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers made inside compute in that precision, whatever the policy outside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def in_precision(model: keras.Model, policy: str) -> keras.Model:
    """The same computation in another precision, with the same variables; ``model`` is not changed.

    Layers whose precision somebody chose, or that are quantised, keep it.

    Args:
        model: flat: without models among its layers.
        policy: ``float32`` or what ``fast_precision`` answers.
    """
    if policy == "float32":
        return model

    def twin(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer) or layer.dtype_policy.name != "float32":
            return layer
        copied = object.__new__(type(layer))
        copied.__dict__.update(layer.__dict__, _inbound_nodes=[], _outbound_nodes=[])
        copied.dtype_policy = policy
        return copied

    return keras.models.clone_model(model, clone_function=twin)
