"""Tiny models with every kind of head and of input."""

from __future__ import annotations

import keras
from keras import layers
from matrix_entry import in_matrix, mean_softmax, photo

# ---- Kinds of head ----


@in_matrix()
def softmax_as_layer() -> keras.Model:
    inputs = photo()
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Softmax(name="answer")(layers.Dense(3, name="logits")(x)))


@in_matrix()
def softmax_as_activation_layer() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Activation("softmax", name="answer")(layers.Dense(3, name="logits")(x)))


@in_matrix()
def softmax_then_cast() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, keras.ops.cast(layers.Dense(3, "softmax", name="answer")(x), "float32"))


@in_matrix()
def softmax_after_convolution() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Reshape((3,))(layers.Conv2D(3, 1, name="logits")(x))
    return keras.Model(inputs, layers.Softmax(name="answer")(x))


@in_matrix("binary", "2")
def sigmoid_as_layer() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Activation("sigmoid", name="answer")(layers.Dense(1, name="logit")(x)))


@in_matrix("binary", "2")
def sigmoid_as_bare_operation() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, keras.ops.sigmoid(layers.Dense(1, name="logit")(x)))


@in_matrix("multilabel", "2")
def two_sigmoid_units() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(2, "sigmoid", name="answer")(x))


@in_matrix("logits", "3")
def linear_units() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(3, name="answer")(x))


@in_matrix("regression", "1")
def regression() -> keras.Model:
    inputs = photo()
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(1, name="answer")(x))


@in_matrix("binary softmax", "2 3")
def two_outputs_as_list() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(
        inputs, [layers.Dense(1, "sigmoid", name="furry")(x), layers.Dense(3, "softmax", name="species")(x)]
    )


@in_matrix("softmax regression", "3 1")  # Keras puts the keys of a dict in order
def two_outputs_as_dict() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(
        inputs, {"weight": layers.Dense(1, name="a")(x), "species": layers.Dense(3, "softmax", name="b")(x)}
    )


@in_matrix("softmax binary", "3 2")
def outputs_from_the_middle() -> keras.Model:
    inner_in = keras.Input((12, 10, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inner_in)
    early = layers.Dense(3, "softmax", name="early")(layers.GlobalAveragePooling2D()(x))
    x = layers.Conv2D(4, 3, activation="relu", name="conv2")(x)
    late = layers.Dense(1, "sigmoid", name="late")(layers.Flatten()(x))
    inner = keras.Model(inner_in, [early, late], name="inner")
    inputs = photo()
    return keras.Model(inputs, inner(inputs))


# ---- Answers that something comes after ----


@in_matrix()
def average_of_two_softmaxes() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    one = mean_softmax(x)
    other = layers.Dense(3, "softmax", name="other")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Average(name="vote")([one, other]))


@in_matrix()
def softmax_of_each_place_then_mean() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(3, 1, activation="softmax", name="answer")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


@in_matrix()
def softmax_then_clip() -> keras.Model:
    inputs = photo()
    x = mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, keras.ops.clip(x, 1e-7, 1 - 1e-7))


@in_matrix("binary", "2")
def one_column_of_softmax() -> keras.Model:
    inputs = photo()
    x = mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, x[:, 1:2])


@in_matrix("binary", "2")
def hard_sigmoid_unit() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(1, "hard_sigmoid", name="answer")(x))


@in_matrix("multilabel", "4")
def sigmoids_then_reshape() -> keras.Model:
    inputs = photo()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs))
    x = layers.Reshape((2, 2))(layers.Dense(4, "sigmoid", name="answer")(x))
    return keras.Model(inputs, layers.Flatten()(x))


# ---- Kinds of input ----


@in_matrix(channels=1)
def grey_input() -> keras.Model:
    inputs = photo(1)
    return keras.Model(inputs, mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)))


@in_matrix(channels=4)
def four_channels() -> keras.Model:
    inputs = photo(4)
    return keras.Model(inputs, mean_softmax(layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)))


@in_matrix("binary", "2", size_px=(13, 9))
def size_none() -> keras.Model:
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(layers.MaxPooling2D(name="pool1")(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(layers.GlobalAveragePooling2D()(x)))
