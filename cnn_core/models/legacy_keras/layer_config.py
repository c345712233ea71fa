"""Layers as Keras 2 describes them, as layers of Keras 3."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from cnn_core.errors import ModelError

_KINDS = {
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
}
_SHAPES = ("batch_input_shape", "batch_shape")


def layer_of(class_name: str, config: Mapping[str, Any]) -> keras.layers.Layer:
    """A layer of one of Keras' own classes, with what Keras 3 no longer knows left out.

    Raises:
        ModelError: a class that Keras 3 does not have.
    """
    layer_class = getattr(keras.layers, class_name, None)
    if not (inspect.isclass(layer_class) and issubclass(layer_class, keras.layers.Layer)):
        raise ModelError(
            f"Expected layers that Keras 3 has. Received: {class_name[:60]!r}. Build the network again in "
            "Keras 3, take over its weights (set_weights), and save that."
        )
    if config.get("time_major"):
        raise ModelError(
            f"Expected a batch of sequences. Received: time first in {str(config.get('name'))[:60]!r} "
            "(time_major=True), which Keras 3 has no longer. Build the network again with batches first."
        )
    known = _arguments(layer_class)
    return layer_class(**{name: _value(name, value) for name, value in config.items() if name in known})


def input_shape_of(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """The shape of a batch that a layer says it takes, if it does."""
    found = next((config[name] for name in _SHAPES if config.get(name) is not None), None)
    return None if found is None else tuple(found)


def dtype_of(value: Any) -> str | None:
    """The name of a policy, however it is written down."""
    if isinstance(value, Mapping):
        value = (value.get("config") or {}).get("name")
    return value if isinstance(value, str) else None


def _arguments(layer_class: type) -> frozenset[str]:
    """What the constructors of a class and of those above it take."""
    names = {
        name
        for base in layer_class.__mro__
        if "__init__" in vars(base)
        for name in inspect.signature(vars(base)["__init__"]).parameters
    }
    return frozenset(names - {"self", "args", "kwargs", "batch_shape", "input_shape", "rank"})


def _value(name: str, value: Any) -> Any:
    kind = _KINDS.get(name.rsplit("_", 1)[-1])
    if kind is not None:
        return _part(kind, value)
    if name == "dtype":
        return dtype_of(value)
    if name == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if name in ("layer", "backward_layer", "cell") and isinstance(value, Mapping):
        return layer_of(str(value.get("class_name")), value.get("config") or {})
    if name.endswith("activation"):
        return (
            value.get("config")
            if isinstance(value, Mapping) and value.get("class_name") == "function"
            else value
        )
    return (
        tuple(value)
        if name in ("kernel_size", "strides", "pool_size", "dilation_rate") and isinstance(value, list)
        else value
    )


def _part(kind: Any, value: Any) -> Any:
    """An initializer, regularizer or constraint; initial values are overwritten by those of the file."""
    if not isinstance(value, Mapping):
        return value
    part_class = getattr(kind, str(value.get("class_name")), None)
    if not inspect.isclass(part_class):
        return kind.get(str(value.get("class_name")))
    known = inspect.signature(part_class.__init__).parameters
    return part_class(**{name: one for name, one in (value.get("config") or {}).items() if name in known})
