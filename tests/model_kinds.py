"""Tiny models of every make, with branches and operators."""

from __future__ import annotations

import keras
from keras import layers
from matrix_entry import in_matrix, mean_softmax, photo

# ---- Kinds of model ----


@in_matrix()
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


@in_matrix()
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


@in_matrix("binary", "2")
def functional() -> keras.Model:
    x = inputs = photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.AveragePooling2D(2, name="pool1")(x)
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@in_matrix("binary", "2")
def functional_with_list_input() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model([inputs], [layers.Dense(1, "sigmoid", name="answer")(x)])


@in_matrix("binary", "2")
def functional_with_dict_input() -> keras.Model:
    inputs = keras.Input((12, 10, 3), name="photo")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model({"photo": inputs}, layers.Dense(1, "sigmoid", name="answer")(x))


@in_matrix()
def nested_two_deep() -> keras.Model:
    inner_in = keras.Input((12, 10, 4))
    inner_out = layers.Conv2D(4, 3, padding="same", activation="relu", name="deep_conv")(inner_in)
    inner = keras.Model(inner_in, layers.BatchNormalization(name="deep_norm")(inner_out), name="inner")
    middle_in = keras.Input((12, 10, 3))
    middle_out = layers.Conv2D(4, 3, padding="same", name="conv")(middle_in)
    middle_out = layers.MaxPooling2D(name="pool")(inner(layers.ReLU(name="relu")(middle_out)))
    middle = keras.Model(middle_in, middle_out, name="middle")
    inputs = photo()
    x = layers.Rescaling(0.5, offset=0.1)(inputs)
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(middle(x))
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def nested_sequential() -> keras.Model:
    block = keras.Sequential(
        [layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="norm"), layers.ReLU(name="relu")],
        name="block",
    )
    return keras.Sequential(
        [layers.Input((12, 10, 3)), block, layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")]
    )


@in_matrix("softmax", "4")
def nested_model_is_the_last_layer() -> keras.Model:
    backbone = keras.Sequential(
        [layers.Input((12, 10, 3)), layers.Conv2D(4, 3, strides=2, activation="relu", name="conv")],
        name="backbone",
    )
    top_in = keras.Input((5, 4, 4))
    top = keras.Model(top_in, layers.Softmax()(layers.Dense(4)(layers.Flatten()(top_in))), name="top")
    inputs = photo()
    return keras.Model(inputs, top(backbone(inputs)))


@in_matrix()
def nested_model_called_twice() -> keras.Model:
    inner_in = keras.Input((12, 10, 3))
    inner = keras.Model(
        inner_in, layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(inner_in), name="inner"
    )
    inputs = photo()
    return keras.Model(inputs, mean_softmax(inner(inner(inputs))))


@in_matrix()
def nested_model_with_two_inputs() -> keras.Model:
    left, right = keras.Input((12, 10, 4)), keras.Input((12, 10, 4))
    merge = keras.Model([left, right], layers.Add(name="sum")([left, right]), name="merge")
    inputs = photo()
    a = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv_a")(inputs)
    b = layers.Conv2D(4, 1, padding="same", activation="tanh", name="conv_b")(inputs)
    return keras.Model(inputs, mean_softmax(merge([a, b])))


@in_matrix()
def shared_layer_called_twice() -> keras.Model:
    inputs = photo()
    shared = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    return keras.Model(inputs, mean_softmax(shared(shared(inputs))))


# ---- Branches, operators ----


@in_matrix()
def residual_add() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    y = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    y = layers.BatchNormalization(name="norm2")(y)
    x = layers.ReLU(name="out")(layers.Add(name="sum")([x, y]))
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def concatenation() -> keras.Model:
    inputs = photo()
    a = layers.Conv2D(3, 1, padding="same", activation="relu", name="narrow")(inputs)
    b = layers.Conv2D(3, 5, padding="same", activation="relu", name="wide")(inputs)
    x = layers.Concatenate(name="both")([a, b])
    return keras.Model(inputs, mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv")(x)))


@in_matrix()
def operators_and_bare_operations() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, padding="same", name="conv1")(inputs * 0.5 + 0.25)
    x = keras.ops.relu(x)
    y = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    x = keras.ops.relu(x + y)
    x = layers.Dense(3, name="logits")(keras.ops.mean(x, axis=(1, 2)))
    return keras.Model(inputs, keras.ops.softmax(x))


@in_matrix()
def reflect_padding_operation() -> keras.Model:
    inputs = photo()
    x = keras.ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = layers.ReLU(name="relu1")(layers.Conv2D(4, 3, name="conv1")(x))
    x = layers.MaxPooling2D(name="pool1")(x)
    x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    x = layers.ReLU(name="relu2")(layers.Conv2D(5, 3, name="conv2")(x))
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def squeeze_and_excitation() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    gate = layers.Dense(4, "sigmoid", name="gate")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(inputs, mean_softmax(layers.Multiply(name="gated")([x, gate])))
