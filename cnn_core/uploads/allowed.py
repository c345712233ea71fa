"""What an uploaded model may be made of: parts of Keras that only compute. Needs no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnn_core.errors import ModelError

MAX_PARTS = 100_000
MAX_LAYERS = 3_000
MAX_DEPTH = 200
MAX_SIZE = 200_000  # units, filters, inputs of a layer

LAYERS = frozenset(
    "Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average "
    "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization "
    "BatchNormalizationV1 BatchNormalizationV2 Bidirectional CategoryEncoding CenterCrop Concatenate "
    "Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D "
    "ConvLSTM3D Convolution1D Convolution2D Convolution3D Cropping1D Cropping2D Cropping3D Dense "
    "DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GELU GRU GRUCell "
    "GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
    "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D "
    "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention "
    "HardSigmoid Identity InputLayer LSTM LSTMCell LayerNormalization LayerScale LeakyReLU Masking "
    "MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum "
    "MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RandomBrightness "
    "RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomErasing RandomFlip "
    "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation "
    "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector "
    "Rescaling Reshape Resizing RNN SeparableConv1D SeparableConv2D SeparableConvolution1D "
    "SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D "
    "SpatialDropout3D SpectralNormalization StackedRNNCells StochasticDepth Subtract ThresholdedReLU "
    "TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D "
    "ZeroPadding3D".split()
)
NETWORKS = frozenset({"Functional", "Model", "Sequential"})
OLD_OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
VALUES = frozenset({"__keras_tensor__", "__numpy__", "__slice__", "__tensor__", "__tuple__", "__ellipsis__"})
POLICIES = frozenset({"DTypePolicy", "Policy", "PolicyV1", "FloatDTypePolicy"})
INITIALIZERS = frozenset(
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal "
    "LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal "
    "VarianceScaling Zeros zeros ones glorot_normal glorot_uniform he_normal he_uniform identity "
    "lecun_normal lecun_uniform normal orthogonal random_normal random_uniform truncated_normal uniform "
    "variance_scaling constant".split()
)
REGULARIZERS = frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer", "l1", "l1_l2", "l2"})
CONSTRAINTS = frozenset(
    {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "max_norm", "min_max_norm", "non_neg", "unit_norm"}
)
ACTIVATIONS = frozenset(
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu "
    "linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus "
    "softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold".split()
)
NAMED_PARTS = {  # what a text may name, by the end of the name of the setting that holds it
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}
KINDS = {
    "initializers": INITIALIZERS,
    "regularizers": REGULARIZERS,
    "constraints": CONSTRAINTS,
    "activations": ACTIVATIONS,
}
OPERATION_MODULES = ("keras.src.ops.", "keras.ops.")
WITH_FUNCTIONS = frozenset(
    {"Cond", "CustomGradient", "Map", "Scan", "VectorizedMap", "WhileLoop", "AssociativeScan"}
)
SIZES = frozenset(
    {
        "units",
        "filters",
        "input_dim",
        "output_dim",
        "num_tokens",
        "key_dim",
        "num_heads",
        "n",
        "depth_multiplier",
    }
)
TRAINING_MODULES = (
    "keras.losses",
    "keras.metrics",
    "keras.optimizers",
    "keras.activations",
    "keras.src.losses",
    "keras.src.metrics",
    "keras.src.optimizers",
    "keras.src.activations",
)
MEND = "Replace it by layers or keras.ops, and save the model again."


def check_allowed(description: Mapping[str, Any], training: Mapping[str, Any] | None = None) -> None:
    """Walk through all parts of a network.

    Args:
        description: of the network, as saved.
        training: what it says of its training; it is never used, but functions of Keras in it are refused.

    Raises:
        ModelError: a part that is not known to compute only, or too many or too large ones; says where.
    """
    layers = 0
    for count, (where, key, part) in enumerate(_walk(description, "the model")):
        if count > MAX_PARTS:
            raise ModelError(
                f"Expected at most {MAX_PARTS:,} parts in a model. Received: more. Choose a smaller one."
            )
        if isinstance(part, Mapping):
            layers += _check_part(part, where)
        elif isinstance(part, str):
            _check_name(key, part, where)
        elif isinstance(part, int | float) and key in SIZES and not 0 <= part <= MAX_SIZE:
            raise ModelError(
                f"Expected at most {MAX_SIZE:,} in a layer. Received: {key} = {part:,} in {where}. Choose a "
                "smaller model."
            )
        if layers > MAX_LAYERS:
            raise ModelError(
                f"Expected at most {MAX_LAYERS:,} layers. Received: more. Choose a smaller model."
            )
    for _, _, part in _walk(training or {}, ""):
        if isinstance(part, Mapping) and part.get("class_name") == "function":
            module = str(part.get("module"))
            if module.startswith("keras") and not module.startswith(TRAINING_MODULES):
                raise _refused("the function", f"{module}.{part.get('config')}", "the training settings")


def _check_part(part: Mapping[str, Any], where: str) -> int:
    """Check what a part is; 1 for a layer, else 0."""
    name = part.get("class_name")
    if not isinstance(name, str):
        return 0
    module, registered = str(part.get("module") or ""), str(part.get("registered_name") or "")
    if name == "function" or "function_type" in part:
        if part.get("config") not in ACTIVATIONS or not _is_own(module, "activations"):
            raise _refused("the function", f"{module}.{part.get('config')}", where)
        return 0
    if name in ("Lambda", "__lambda__"):
        raise _refused("Python code, the Lambda layer", _label(part), where)
    if name in VALUES or name in POLICIES:
        return 0
    if module.startswith(OPERATION_MODULES):
        if name in WITH_FUNCTIONS:
            raise _refused("the operation", name, where)
        return 1
    kind = next((names for end, names in KINDS.items() if module.endswith(end)), None)
    if kind is not None and name in kind:
        return 0
    if not module and name in NAMED_PARTS.get(where.rsplit(", ", 1)[-1].rsplit("_", 1)[-1], ()):
        return 0
    if name in LAYERS | NETWORKS | OLD_OPERATIONS and (">" not in registered) and _is_own(module, ""):
        return 1
    if ">" in registered or not _is_own(module, ""):
        what = "a model" if where == "the model" else "a layer"
        raise ModelError(
            f"Expected parts of Keras alone. Received: {what} of a class of its own, "
            f"{(registered or name)[:80]!r}, in {where}. Put the model into the "
            "folder models and name the Python file of its class in CONVSCOPE_CODE, or rebuild it from "
            "layers of Keras and save that."
        )
    raise _refused("the part", name, where)


def _check_name(key: str, text: str, where: str) -> None:
    known = NAMED_PARTS.get(key.rsplit("_", 1)[-1])
    if known is not None and text not in known and text.lower() not in known:
        raise _refused(f"the {key}", text, where)


def _refused(what: str, name: str, where: str) -> ModelError:
    return ModelError(f"Expected parts that only compute. Received: {what} {name[:80]!r} in {where}. {MEND}")


def _is_own(module: str, kind: str) -> bool:
    """Whether a module is one of Keras, or not named at all."""
    first = module.split(".")[0]
    return module in ("", "builtins") or (first in ("keras", "tf_keras", "tensorflow") and (kind in module))


def _walk(part: Any, where: str) -> Iterator[tuple[str, str, Any]]:
    """Every value of a description with the layer that it lies in and its own key; not recursive.

    Raises:
        ModelError: nested too deeply.
    """
    waiting: list[tuple[Any, str, str, int]] = [(part, where, "", 0)]
    while waiting:
        one, place, key, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ModelError(f"Expected at most {MAX_DEPTH} levels of nesting. Received: more, in {place}.")
        if isinstance(one, Mapping):
            named = key.rsplit("_", 1)[-1] in NAMED_PARTS
            inner = _label(one) if isinstance(one.get("class_name"), str) and not named else ""
            label = (
                place
                if not inner or depth == 0 or one["class_name"] in VALUES | POLICIES
                else f"layer {inner!r}"
            )
            yield (f"{place}, {key}" if named else label), key, one
            waiting.extend(
                (value, label, str(name), depth + 1) for name, value in reversed(list(one.items()))
            )
        elif isinstance(one, list):
            waiting.extend((value, place, key, depth + 1) for value in reversed(one))
        else:
            yield place, key, one


def _label(part: Mapping[str, Any]) -> str:
    config = part.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    return str(name if isinstance(name, str) else part.get("name") or part.get("class_name"))[:60]
