"""Tiny models with every kind of layer."""

from __future__ import annotations

import keras
from keras import layers
from matrix_entry import in_matrix, mean_softmax, photo

# ---- Kinds of layer ----


@in_matrix("binary", "2")
def batch_normalisation() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, use_bias=False, name="conv1")(inputs)
    x = layers.Activation("relu", name="relu1")(layers.BatchNormalization(name="norm1")(x))
    x = layers.Conv2D(5, 3, padding="same", use_bias=False, name="conv2")(x)
    x = layers.ReLU(name="relu2")(layers.BatchNormalization(name="norm2")(x))
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@in_matrix()
def separable_and_depthwise() -> keras.Model:
    inputs = photo()
    x = layers.SeparableConv2D(4, 3, padding="same", activation="relu", name="separable")(inputs)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", name="depthwise")(x)
    x = layers.Conv2D(4, 1, name="pointwise")(x)
    return keras.Model(inputs, mean_softmax(layers.ReLU(6.0, name="relu6")(x)))


@in_matrix()
def stride_and_dilation() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="stride")(inputs)
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu", name="dilation")(x)
    x = layers.Conv2D(4, (1, 3), strides=(1, 2), activation="relu", name="wide")(x)
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def many_activations() -> keras.Model:
    inputs = photo()
    x = layers.LeakyReLU(name="leaky")(layers.Conv2D(4, 3, name="conv1")(inputs))
    x = layers.PReLU(shared_axes=[1, 2], name="prelu")(layers.Conv2D(4, 3, name="conv2")(x))
    x = layers.Conv2D(4, 1, activation="gelu", name="gelu")(x)
    x = layers.Conv2D(4, 1, activation=layers.ReLU(max_value=6.0), name="layer_as_argument")(x)
    x = layers.Activation("linear", name="linear")(x)
    x = layers.Activation("silu", name="silu")(layers.Conv2D(4, 1, name="conv3")(x))
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def upsampling_and_transposed() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="down")(inputs)
    x = layers.UpSampling2D(name="up")(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    x = layers.Conv2DTranspose(3, 2, strides=2, activation="relu", name="transposed")(x)
    return keras.Model(inputs, mean_softmax(x))


@in_matrix("binary", "2")
def augmentation_inside() -> keras.Model:
    augmentation = keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)],
        name="augmentation",
    )
    inputs = photo()
    x = layers.Rescaling(0.5)(augmentation(inputs))
    x = layers.GaussianNoise(0.1)(layers.Conv2D(4, 3, activation="relu", name="conv1")(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(1, "sigmoid", name="answer")(x))


@in_matrix()
def penalised_weights_and_activity() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(
        4, 3, kernel_regularizer="l2", activity_regularizer="l1", activation="relu", name="conv1"
    )(inputs)
    return keras.Model(inputs, mean_softmax(x))


@in_matrix()
def split_along_the_channels() -> keras.Model:
    inputs = photo()
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    value, gate = keras.ops.split(x, 2, axis=-1)
    x = layers.Multiply(name="gated")([value, keras.ops.sigmoid(gate)])
    return keras.Model(inputs, mean_softmax(layers.Conv2D(3, 3, activation="relu", name="conv2")(x)))


@in_matrix()
def channels_taken_apart_and_put_together_in_another_order() -> keras.Model:
    inputs = photo()
    red, green, blue = inputs[..., 0], inputs[..., 1], inputs[:, :, :, 2]
    x = keras.ops.stack([blue, 2 * green, red], axis=-1)
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(x)
    return keras.Model(inputs, mean_softmax(x[..., 1:]))
