"""``photo_cnn``: the bundled network, a plain stack made to be looked at."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cnn_core import backend
from cnn_core.architectures.architecture import Architecture, Plan, answer
from cnn_core.images.preprocessing import Preprocessing

BLOCKS = ((32,), (48,), (96, 96), (160, 160), (256, 256))
SMALLEST_PX = 2 * 2 ** (len(BLOCKS) - 1)  # one pixel has no neighbour to be reflected
PREPROCESSING = Preprocessing(scale=(1 / 127.5,), offset=(-1.0,))


def photo_cnn(plan: Plan, *, for_training: bool = False) -> keras.Model:
    """A plain stack of 3x3 convolutions, made to be looked at.

    Blocks of convolution and ReLU with 2x2 max pooling between them, then the mean over the last
    maps and the answer (Simonyan and Zisserman 2015; Lin et al. 2014). Two things differ
    from a textbook stack. Maps are padded by reflection instead of zeros: a frame of zeros is an
    edge that every layer sees, and whole channels learn to light up along it. And batch
    normalisation exists only while training: ``folded`` multiplies it into the convolutions, so
    that the finished network is convolutions with ReLU and pooling, nothing else.

    Args:
        plan: its ``size_px`` may be None for any size; dropout goes before the answer.
        for_training: with batch normalisation and dropout, and logits instead of probabilities.

    Returns:
        ``(n, size, size, 3)`` in -1..1 to the answer, ``(n, 1)`` or ``(n, classes)``.
    """
    x = inputs = keras.Input((plan.size_px, plan.size_px, 3), name="photo")
    for block, filters in enumerate(BLOCKS, start=1):
        if block > 1:
            x = layers.MaxPooling2D(name=f"block{block - 1}_pool")(x)
        for index, count in enumerate(filters, start=1):
            x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
            name, activation = f"block{block}_conv{index}", None if for_training else "relu"
            x = layers.Conv2D(count, 3, activation=activation, kernel_initializer="he_normal", name=name)(x)
            if for_training:
                x = backend.FusedBatchNormalization(name=f"block{block}_norm{index}")(x)
                x = layers.ReLU(name=f"block{block}_relu{index}")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    if for_training:
        x = layers.Dropout(plan.dropout, name="dropout")(x)
    return keras.Model(inputs, answer(x, plan.classes, logits=for_training), name="photo_cnn")


def folded(trained: keras.Model, plan: Plan) -> keras.Model:
    """The finished ``photo_cnn``: batch normalisation multiplied into the convolutions.

    Args:
        trained: from ``photo_cnn(..., for_training=True)``; not changed.

    Returns:
        A float32 model with the same answers as ``trained`` at inference.
    """
    with backend.dtype_policy("float32"):
        finished = photo_cnn(plan)
    for layer in finished.layers:
        if isinstance(layer, layers.Conv2D):
            norm = trained.get_layer(layer.name.replace("conv", "norm"))
            kernel, bias = (np.asarray(w) for w in trained.get_layer(layer.name).get_weights())
            gamma, beta, mean, variance = (np.asarray(w) for w in norm.get_weights())
            factor = gamma / np.sqrt(variance + norm.epsilon)
            layer.set_weights([kernel * factor, (bias - mean) * factor + beta])
        elif isinstance(layer, layers.Dense):
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    return finished


ARCHITECTURE = Architecture(
    key="photo_cnn",
    smallest_px=SMALLEST_PX,
    any_size=True,
    preprocessing=lambda plan: PREPROCESSING,
    for_training=lambda plan: photo_cnn(plan, for_training=True),
    finished=folded,
)
