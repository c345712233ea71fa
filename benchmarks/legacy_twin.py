"""The same network in Keras 2, which Xplique needs; run with ``TF_USE_LEGACY_KERAS=1``."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tf_keras


def legacy_twin(model: keras.Model) -> tf_keras.Model:
    """A plain chain of layers rebuilt with the same weights, its last layer without its activation.

    Args:
        model: convolutions, ReLU, pooling, dense layers and padding by ``keras.ops.pad``, one after
            the other.
    """
    x = inputs = tf_keras.Input(model.input_shape[1:])
    for layer in model.operations[1:]:
        twin = _twin(layer, last=layer is model.operations[-1])
        x = twin(x)
        if isinstance(layer, keras.layers.Layer) and layer.get_weights():
            twin.set_weights(layer.get_weights())
    return tf_keras.Model(inputs, x)


def _twin(layer: Any, *, last: bool) -> Any:
    kind = type(layer).__name__
    if kind == "Pad":
        return tf_keras.layers.Lambda(lambda x, p=layer.pad_width: tf.pad(x, p, layer.mode.upper()))
    config = {k: v for k, v in layer.get_config().items() if k in _KEPT.get(kind, ())}
    if last:
        config["activation"] = None
    return getattr(tf_keras.layers, kind)(name=layer.name, **config)


_KEPT: dict[str, tuple[str, ...]] = {
    "Conv2D": ("filters", "kernel_size", "strides", "padding", "activation", "use_bias"),
    "MaxPooling2D": ("pool_size", "strides", "padding"),
    "Dense": ("units", "activation", "use_bias"),
}
