"""Functions of TensorFlow in a saved network, as in ``x / 127.5 - 1``, as operations of Keras 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from cnn_core.errors import ModelError

Operation = Callable[..., Any]


def operation(name: str) -> Operation:
    """The function that ``TFOpLambda`` and ``TensorFlowOpLayer`` name, with TensorFlow's own arguments.

    Args:
        name: with or without its modules, as ``math.truediv``, ``tf.nn.relu`` or ``RealDiv``.

    Raises:
        ModelError: one that is not known here.
    """
    found = _OPERATIONS.get(
        name.removeprefix("tf.").removeprefix("compat.v1.").split(".")[-1].strip("_").lower()
    )
    if found is None:
        raise ModelError(
            f"Expected operations that Keras 3 has. Received: {name[:60]!r}. Build the network again in "
            "Keras 3, take over its weights (set_weights), and save that."
        )
    return found


def getitem(x: Any, slice_spec: Any) -> Any:
    """``x[slice_spec]`` as ``SlicingOpLambda`` writes it down."""
    spec = slice_spec if isinstance(slice_spec, list | tuple) else [slice_spec]
    return x[tuple(map(_index, spec))]


def _index(part: Any) -> Any:
    if isinstance(part, dict):
        return slice(part.get("start"), part.get("stop"), part.get("step"))
    return ... if part == "..." else part


def _cast(x: Any, dtype: Any) -> Any:
    return ops.cast(x, dtype if isinstance(dtype, str) else "float32")


def _concat(values: Any, axis: int = -1) -> Any:
    return ops.concatenate(values, axis=axis)


def _reduced(reduce: Operation) -> Operation:
    def reduced(input_tensor: Any, axis: Any = None, keepdims: bool = False, keep_dims: bool = False) -> Any:
        return reduce(input_tensor, axis=_tuple(axis), keepdims=bool(keepdims or keep_dims))

    return reduced


def _tuple(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Any:
    mode = mode.lower()
    value = {"constant_values": constant_values} if mode == "constant" else {}
    return ops.pad(tensor, [list(pair) for pair in paddings], mode=mode, **value)


def _reshape(tensor: Any, shape: Any) -> Any:
    sizes = [-1 if index == 0 else size for index, size in enumerate(shape)]  # the first counts the pictures
    return ops.reshape(tensor, sizes if sizes.count(-1) == 1 else list(shape))


def _resize(images: Any, size: Any, method: str = "bilinear", antialias: bool = False, **_: Any) -> Any:
    return ops.image.resize(images, tuple(size), interpolation=str(method), antialias=antialias)


def _l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    squares = ops.sum(ops.square(x), axis=_tuple(axis), keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, epsilon))


def _matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    turned = (ops.swapaxes(x, -1, -2) if turn else x for x, turn in ((a, transpose_a), (b, transpose_b)))
    return ops.matmul(*turned)


def _of_two(function: Operation) -> Operation:
    return lambda x, y: function(x, y)


def _of_features(function: Operation) -> Operation:
    return lambda features: function(features)


_OPERATIONS: dict[str, Operation] = {
    "getitem": getitem,
    "cast": _cast,
    "concat": _concat,
    "stack": lambda values, axis=0: ops.stack(values, axis=axis),
    "split": lambda value, num_or_size_splits, axis=0: ops.split(value, num_or_size_splits, axis=axis),
    "pad": _pad,
    "reshape": _reshape,
    "resize": _resize,
    "resize_images": _resize,
    "transpose": lambda a, perm=None, conjugate=False: ops.transpose(a, axes=perm),
    "expand_dims": lambda input, axis=-1: ops.expand_dims(input, axis),
    "squeeze": lambda input, axis=None: ops.squeeze(input, _tuple(axis)),
    "clip_by_value": lambda t, clip_value_min, clip_value_max: ops.clip(t, clip_value_min, clip_value_max),
    "matmul": _matmul,
    "l2_normalize": _l2_normalize,
    "softmax": lambda logits, axis=-1: ops.softmax(logits, axis=axis),
    "leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, negative_slope=alpha),
    "gelu": lambda features, approximate=False: ops.gelu(features, approximate=approximate),
    "silu": lambda features, beta=1.0: features * ops.sigmoid(beta * features),
    "swish": lambda features, beta=1.0: features * ops.sigmoid(beta * features),
    "identity": lambda input: input,
    "stop_gradient": lambda input: ops.stop_gradient(input),
    "bias_add": lambda value, bias: value + bias,
    "pow": _of_two(ops.power),
    "floordiv": _of_two(ops.floor_divide),
    **{
        name: _of_two(function)
        for name, function in {
            "truediv": ops.true_divide,
            "divide": ops.true_divide,
            "div": ops.true_divide,
            "realdiv": ops.true_divide,
            "multiply": ops.multiply,
            "mul": ops.multiply,
            "add": ops.add,
            "addv2": ops.add,
            "subtract": ops.subtract,
            "sub": ops.subtract,
            "maximum": ops.maximum,
            "minimum": ops.minimum,
        }.items()
    },
    **{
        name: _of_features(getattr(ops, name))
        for name in ("relu", "relu6", "elu", "selu", "softplus", "softsign")
    },
    **{f"reduce_{name}": _reduced(getattr(ops, name)) for name in ("mean", "sum", "max", "min", "prod")},
    **{
        name: (lambda function: lambda x: function(x))(getattr(ops, name))
        for name in (
            "abs",
            "ceil",
            "cos",
            "erf",
            "exp",
            "floor",
            "log",
            "log1p",
            "negative",
            "round",
            "rsqrt",
            "sigmoid",
            "sign",
            "sin",
            "sqrt",
            "square",
            "tanh",
        )
    },
    "neg": lambda x: ops.negative(x),
}
