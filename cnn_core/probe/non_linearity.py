"""Where the non-linearity of a layer is: in an argument, in a layer of its own, or nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnn_core.framework import keras

# Layers that apply their ``activation`` argument to their own result, last of all.
_WITH_ACTIVATION = frozenset(
    "dense einsumdense conv1d conv2d conv3d conv2dtranspose depthwiseconv2d separableconv2d".split()
)
_ACTIVATION_CLASSES = frozenset(
    "activation relu relu6 leakyrelu prelu elu celu selu gelu silu swish mish sigmoid hardsigmoid hardsilu "
    "hardswish softplus softsign softmax logsoftmax logsigmoid tanh hardtanh exponential threshold".split()
)


def argument_activation(operation: Any) -> Callable[..., Any] | None:
    """The non-linear ``activation`` argument of a layer that applies one, else None."""
    if family_of(operation) not in _WITH_ACTIVATION:
        return None
    if not type(operation).call.__module__.startswith("keras."):
        return None  # a class of its own may do anything after the activation
    activation = getattr(operation, "activation", None)
    return None if activation in (None, keras.activations.linear) else activation


def is_activation(operation: Any) -> bool:
    """Whether an operation is a non-linearity and nothing else."""
    name = family_of(operation)
    linear = name == "activation" and operation.activation is keras.activations.linear
    return name in _ACTIVATION_CLASSES and not linear


def activation_name(operation: Any) -> str:
    """Name of the non-linearity that an operation is or ends with: ``relu``, ``softmax``."""
    activation = getattr(operation, "activation", None)
    if activation is None:
        return family_of(operation)
    return str(getattr(activation, "__name__", type(activation).__name__)).lower()


def is_relu(operation: Any) -> bool:
    """Whether an operation is, or ends with, a ReLU: zero below zero, with or without a largest value."""
    return activation_name(operation) in ("relu", "relu6") and not _leaks(operation)


def largest_value(operation: Any) -> float | None:
    """Where a ReLU is cut off at the top; None where it is not."""
    return 6.0 if activation_name(operation) == "relu6" else getattr(_applied(operation), "max_value", None)


def _leaks(operation: Any) -> bool:
    """Whether a layer named ReLU lets some through below zero, or begins elsewhere."""
    applied = _applied(operation)
    return bool(getattr(applied, "negative_slope", 0.0) or getattr(applied, "threshold", 0.0))


def _applied(operation: Any) -> Any:
    """The layer that is applied as an activation: one given as an argument, or the operation itself."""
    activation = getattr(operation, "activation", None)
    return activation if isinstance(activation, keras.layers.Layer) else operation


def family_of(operation: Any) -> str:
    """Lower-case name of Keras' own class that an operation is, or is derived from."""
    own = (kind for kind in type(operation).__mro__ if kind.__module__.startswith("keras."))
    return next(own, type(operation)).__name__.lower()
