"""The matrix of tiny models: every shape of Keras model that Convscope promises to open.

Use it as::

    from model_matrix import MATRIX

    @pytest.mark.parametrize("entry", MATRIX, ids=str)
    def test_something(entry):
        probe = Probe(entry.model())
        probe.scores(entry.inputs())

Weights and inputs come from fixed seeds. Batch normalisation has statistics of its own, biases are
not zero, so that a forgotten one shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

SEED = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One tiny model.

    Attributes:
        name: what is special about it.
        build: makes the model, with whatever weights.
        heads: kind of each output, in the model's order.
        classes: number of scores of each output.
        size_px: (height, width) of test inputs.
        channels: of test inputs.
    """

    name: str
    build: Callable[[], keras.Model]
    heads: tuple[str, ...]
    classes: tuple[int, ...]
    size_px: tuple[int, int]
    channels: int

    def __str__(self) -> str:
        return self.name

    def model(self) -> keras.Model:
        """The model, with the same weights every time."""
        keras.utils.set_random_seed(SEED)
        return with_seeded_weights(self.build())

    def inputs(self, count: int = 2) -> NDArray[np.float32]:
        """``(count, H, W, channels)``, the same every time."""
        shape = (count, *self.size_px, self.channels)
        return np.random.default_rng(SEED).normal(size=shape).astype(np.float32)


MATRIX: list[Entry] = []


def entry_named(name: str) -> Entry:
    """The entry of that name."""
    return next(entry for entry in MATRIX if entry.name == name)


def with_seeded_weights(model: keras.Model) -> keras.Model:
    """Draw all weights from a fixed seed; variances and scales stay positive."""
    rng = np.random.default_rng(SEED)
    for variable in model.weights:
        if not str(variable.dtype).startswith(("float", "bfloat")):
            continue
        shape = tuple(variable.shape)
        if any(part in variable.name for part in ("variance", "gamma")):
            value = rng.uniform(0.5, 1.5, shape)
        elif len(shape) < 2:
            value = rng.normal(0, 0.3, shape)
        else:
            value = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        variable.assign(value.astype(np.float32))
    return model


def _matrix(
    heads: str = "softmax",
    classes: str = "3",
    size_px: tuple[int, int] = (12, 10),
    channels: int = 3,
) -> Callable[[Callable[[], keras.Model]], Callable[[], keras.Model]]:
    """Enter the builder below into the matrix; its name is the entry's."""

    def enter(build: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
        counts = tuple(map(int, classes.split()))
        MATRIX.append(Entry(build.__name__, build, tuple(heads.split()), counts, size_px, channels))
        return build

    return enter


def _photo(channels: int = 3) -> keras.KerasTensor:
    return keras.Input((12, 10, channels))


def _mean_softmax(x: keras.KerasTensor, units: int = 3) -> keras.KerasTensor:
    return layers.Dense(units, "softmax", name="answer")(layers.GlobalAveragePooling2D()(x))


# ---- Kinds of model ----


@_matrix()
def sequential_never_called() -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((12, 10, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2"),
            layers.Flatten(),
            layers.Dense(3, "softmax", name="answer"),
        ]
    )


@_matrix()
def sequential_built_later() -> keras.Model:
    model = keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax", name="answer"),
        ]
    )
    model.build((None, 12, 10, 3))
    return model


@_matrix("binary", "2")
def functional() -> keras.Model:
    x = inputs = _photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.AveragePooling2D(2, name="pool1")(x)
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@_matrix("binary", "2")
def functional_with_list_input() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model([inputs], [layers.Dense(1, "sigmoid", name="answer")(x)])


@_matrix("binary", "2")
def functional_with_dict_input() -> keras.Model:
    inputs = keras.Input((12, 10, 3), name="photo")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model({"photo": inputs}, layers.Dense(1, "sigmoid", name="answer")(x))


@_matrix()
def nested_two_deep() -> keras.Model:
    inner_in = keras.Input((12, 10, 4))
    inner_out = layers.Conv2D(4, 3, padding="same", activation="relu", name="deep_conv")(inner_in)
    inner = keras.Model(inner_in, layers.BatchNormalization(name="deep_norm")(inner_out), name="inner")
    middle_in = keras.Input((12, 10, 3))
    middle_out = layers.Conv2D(4, 3, padding="same", name="conv")(middle_in)
    middle_out = layers.MaxPooling2D(name="pool")(inner(layers.ReLU(name="relu")(middle_out)))
    middle = keras.Model(middle_in, middle_out, name="middle")
    inputs = _photo()
    x = layers.Rescaling(0.5, offset=0.1)(inputs)
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(middle(x))
    return keras.Model(inputs, _mean_softmax(x))


@_matrix()
def nested_sequential() -> keras.Model:
    block = keras.Sequential(
        [layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="norm"), layers.ReLU(name="relu")],
        name="block",
    )
    return keras.Sequential(
        [layers.Input((12, 10, 3)), block, layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")]
    )


@_matrix("softmax", "4")
def nested_model_is_the_last_layer() -> keras.Model:
    backbone = keras.Sequential(
        [layers.Input((12, 10, 3)), layers.Conv2D(4, 3, strides=2, activation="relu", name="conv")],
        name="backbone",
    )
    top_in = keras.Input((5, 4, 4))
    top = keras.Model(top_in, layers.Softmax()(layers.Dense(4)(layers.Flatten()(top_in))), name="top")
    inputs = _photo()
    return keras.Model(inputs, top(backbone(inputs)))


@_matrix()
def nested_model_called_twice() -> keras.Model:
    inner_in = keras.Input((12, 10, 3))
    inner = keras.Model(
        inner_in, layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(inner_in), name="inner"
    )
    inputs = _photo()
    return keras.Model(inputs, _mean_softmax(inner(inner(inputs))))


@_matrix()
def nested_model_with_two_inputs() -> keras.Model:
    left, right = keras.Input((12, 10, 4)), keras.Input((12, 10, 4))
    merge = keras.Model([left, right], layers.Add(name="sum")([left, right]), name="merge")
    inputs = _photo()
    a = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv_a")(inputs)
    b = layers.Conv2D(4, 1, padding="same", activation="tanh", name="conv_b")(inputs)
    return keras.Model(inputs, _mean_softmax(merge([a, b])))


@_matrix()
def shared_layer_called_twice() -> keras.Model:
    inputs = _photo()
    shared = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    return keras.Model(inputs, _mean_softmax(shared(shared(inputs))))


# ---- Branches, operators ----


@_matrix()
def residual_add() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    y = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    y = layers.BatchNormalization(name="norm2")(y)
    x = layers.ReLU(name="out")(layers.Add(name="sum")([x, y]))
    return keras.Model(inputs, _mean_softmax(x))


@_matrix()
def concatenation() -> keras.Model:
    inputs = _photo()
    a = layers.Conv2D(3, 1, padding="same", activation="relu", name="narrow")(inputs)
    b = layers.Conv2D(3, 5, padding="same", activation="relu", name="wide")(inputs)
    x = layers.Concatenate(name="both")([a, b])
    return keras.Model(inputs, _mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv")(x)))


@_matrix()
def operators_and_bare_operations() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, padding="same", name="conv1")(inputs * 0.5 + 0.25)
    x = keras.ops.relu(x)
    y = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    x = keras.ops.relu(x + y)
    x = layers.Dense(3, name="logits")(keras.ops.mean(x, axis=(1, 2)))
    return keras.Model(inputs, keras.ops.softmax(x))


@_matrix()
def reflect_padding_operation() -> keras.Model:
    inputs = _photo()
    x = keras.ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = layers.ReLU(name="relu1")(layers.Conv2D(4, 3, name="conv1")(x))
    x = layers.MaxPooling2D(name="pool1")(x)
    x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = layers.ReLU(name="relu2")(layers.Conv2D(5, 3, name="conv2")(x))
    return keras.Model(inputs, _mean_softmax(x))


@_matrix()
def squeeze_and_excitation() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    gate = layers.Dense(4, "sigmoid", name="gate")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(inputs, _mean_softmax(layers.Multiply(name="gated")([x, gate])))


# ---- Kinds of layer ----


@_matrix("binary", "2")
def batch_normalisation() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, use_bias=False, name="conv1")(inputs)
    x = layers.Activation("relu", name="relu1")(layers.BatchNormalization(name="norm1")(x))
    x = layers.Conv2D(5, 3, padding="same", use_bias=False, name="conv2")(x)
    x = layers.ReLU(name="relu2")(layers.BatchNormalization(name="norm2")(x))
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@_matrix()
def separable_and_depthwise() -> keras.Model:
    inputs = _photo()
    x = layers.SeparableConv2D(4, 3, padding="same", activation="relu", name="separable")(inputs)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", name="depthwise")(x)
    x = layers.Conv2D(4, 1, name="pointwise")(x)
    return keras.Model(inputs, _mean_softmax(layers.ReLU(6.0, name="relu6")(x)))


@_matrix()
def stride_and_dilation() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="stride")(inputs)
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu", name="dilation")(x)
    x = layers.Conv2D(4, (1, 3), strides=(1, 2), activation="relu", name="wide")(x)
    return keras.Model(inputs, _mean_softmax(x))


@_matrix()
def many_activations() -> keras.Model:
    inputs = _photo()
    x = layers.LeakyReLU(name="leaky")(layers.Conv2D(4, 3, name="conv1")(inputs))
    x = layers.PReLU(shared_axes=[1, 2], name="prelu")(layers.Conv2D(4, 3, name="conv2")(x))
    x = layers.Conv2D(4, 1, activation="gelu", name="gelu")(x)
    x = layers.Conv2D(4, 1, activation=layers.ReLU(max_value=6.0), name="layer_as_argument")(x)
    x = layers.Activation("linear", name="linear")(x)
    x = layers.Activation("silu", name="silu")(layers.Conv2D(4, 1, name="conv3")(x))
    return keras.Model(inputs, _mean_softmax(x))


@_matrix()
def upsampling_and_transposed() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="down")(inputs)
    x = layers.UpSampling2D(name="up")(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    x = layers.Conv2DTranspose(3, 2, strides=2, activation="relu", name="transposed")(x)
    return keras.Model(inputs, _mean_softmax(x))


@_matrix("binary", "2")
def augmentation_inside() -> keras.Model:
    augmentation = keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)],
        name="augmentation",
    )
    inputs = _photo()
    x = layers.Rescaling(0.5)(augmentation(inputs))
    x = layers.GaussianNoise(0.1)(layers.Conv2D(4, 3, activation="relu", name="conv1")(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@_matrix()
def penalised_weights_and_activity() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(
        4, 3, kernel_regularizer="l2", activity_regularizer="l1", activation="relu", name="conv1"
    )(inputs)
    return keras.Model(inputs, _mean_softmax(x))


# ---- Kinds of head ----


@_matrix()
def softmax_as_layer() -> keras.Model:
    inputs = _photo()
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Softmax(name="answer")(layers.Dense(3, name="logits")(x)))


@_matrix()
def softmax_as_activation_layer() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Activation("softmax", name="answer")(layers.Dense(3, name="logits")(x)))


@_matrix()
def softmax_then_cast() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, keras.ops.cast(layers.Dense(3, "softmax", name="answer")(x), "float32"))


@_matrix()
def softmax_after_convolution() -> keras.Model:
    inputs = _photo()
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Reshape((3,))(layers.Conv2D(3, 1, name="logits")(x))
    return keras.Model(inputs, layers.Softmax(name="answer")(x))


@_matrix("binary", "2")
def sigmoid_as_layer() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Activation("sigmoid", name="answer")(layers.Dense(1, name="logit")(x)))


@_matrix("binary", "2")
def sigmoid_as_bare_operation() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, keras.ops.sigmoid(layers.Dense(1, name="logit")(x)))


@_matrix("multilabel", "2")
def two_sigmoid_units() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(2, "sigmoid", name="answer")(x))


@_matrix("logits", "3")
def linear_units() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(3, name="answer")(x))


@_matrix("regression", "1")
def regression() -> keras.Model:
    inputs = _photo()
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(1, name="answer")(x))


@_matrix("binary softmax", "2 3")
def two_outputs_as_list() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(
        inputs, [layers.Dense(1, "sigmoid", name="furry")(x), layers.Dense(3, "softmax", name="species")(x)]
    )


@_matrix("softmax regression", "3 1")  # Keras puts the keys of a dict in order
def two_outputs_as_dict() -> keras.Model:
    inputs = _photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(
        inputs, {"weight": layers.Dense(1, name="a")(x), "species": layers.Dense(3, "softmax", name="b")(x)}
    )


@_matrix("softmax binary", "3 2")
def outputs_from_the_middle() -> keras.Model:
    inner_in = keras.Input((12, 10, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inner_in)
    early = layers.Dense(3, "softmax", name="early")(layers.GlobalAveragePooling2D()(x))
    x = layers.Conv2D(4, 3, activation="relu", name="conv2")(x)
    late = layers.Dense(1, "sigmoid", name="late")(layers.Flatten()(x))
    inner = keras.Model(inner_in, [early, late], name="inner")
    inputs = _photo()
    return keras.Model(inputs, inner(inputs))


# ---- Kinds of input ----


@_matrix(channels=1)
def grey_input() -> keras.Model:
    inputs = _photo(1)
    return keras.Model(inputs, _mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)))


@_matrix(channels=4)
def four_channels() -> keras.Model:
    inputs = _photo(4)
    return keras.Model(inputs, _mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)))


@_matrix("binary", "2", size_px=(13, 9))
def size_none() -> keras.Model:
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(layers.MaxPooling2D(name="pool1")(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(layers.GlobalAveragePooling2D()(x)))
