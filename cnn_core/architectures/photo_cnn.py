"""Plain stacks made to be looked at: ``photo_cnn``, the bundled network, and some for small pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import keras
import numpy as np
from keras import layers

from cnn_core import backend
from cnn_core.architectures.architecture import Architecture, Plan, answers
from cnn_core.images.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainStack:
    """What tells these networks apart.

    Attributes:
        key: name in settings and cards.
        blocks: filters of each convolution, by block; pooling lies between the blocks.
        preprocessing: from pixels to model input.
        channels, several_heads: as in ``Architecture``.
        biased: without biases and normalisation what is black stays zero in every map, so that all evidence
            lies where something is.
    """

    key: str
    blocks: tuple[tuple[int, ...], ...]
    preprocessing: Preprocessing
    channels: int = 3
    several_heads: bool = False
    biased: bool = True

    @property
    def smallest_px(self) -> int:
        """Side of the smallest pictures: one pixel has no neighbour to be reflected."""
        return int(2 * 2 ** (len(self.blocks) - 1))

    def architecture(self) -> Architecture:
        """This stack among all architectures."""
        return Architecture(
            key=self.key,
            smallest_px=self.smallest_px,
            any_size=True,
            preprocessing=lambda plan: self.preprocessing,
            for_training=partial(photo_cnn, for_training=True, stack=self),
            finished=partial(folded, stack=self),
            channels=self.channels,
            several_heads=self.several_heads,
        )


PHOTO = PlainStack(
    key="photo_cnn",
    blocks=((32,), (48,), (96, 96), (160, 160), (256, 256)),
    preprocessing=Preprocessing(scale=(1 / 127.5,), offset=(-1.0,)),
)
DIGITS = PlainStack(
    key="digits_cnn", blocks=((32, 32), (64, 64), (128,)), preprocessing=Preprocessing(), channels=1
)
LINES = PlainStack(key="lines_cnn", blocks=((16, 32, 32, 64),), preprocessing=Preprocessing(), biased=False)
LINE_HEADS = replace(LINES, key="lines_heads", several_heads=True)


def photo_cnn(plan: Plan, *, for_training: bool = False, stack: PlainStack = PHOTO) -> keras.Model:
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
        stack: its blocks.

    Returns:
        ``(n, size, size, channels)`` to the answer, ``(n, 1)`` or ``(n, classes)``, or to one of each head.
    """
    x = inputs = keras.Input((plan.size_px, plan.size_px, stack.channels), name="photo")
    for block, filters in enumerate(stack.blocks, start=1):
        if block > 1:
            x = layers.MaxPooling2D(name=f"block{block - 1}_pool")(x)
        for index, count in enumerate(filters, start=1):
            x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
            normalised = for_training and stack.biased
            x = layers.Conv2D(
                count,
                3,
                activation=None if normalised else "relu",
                use_bias=stack.biased,
                kernel_initializer="he_normal",
                name=f"block{block}_conv{index}",
            )(x)
            if normalised:
                x = backend.FusedBatchNormalization(name=f"block{block}_norm{index}")(x)
                x = layers.ReLU(name=f"block{block}_relu{index}")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    if for_training:
        x = layers.Dropout(plan.dropout, name="dropout")(x)
    return keras.Model(inputs, answers(x, plan, logits=for_training), name=stack.key)


def folded(trained: keras.Model, plan: Plan, *, stack: PlainStack = PHOTO) -> keras.Model:
    """The finished network: batch normalisation multiplied into the convolutions.

    Args:
        trained: from ``photo_cnn(..., for_training=True)``; not changed.

    Returns:
        A float32 model with the same answers as ``trained`` at inference.
    """
    with backend.dtype_policy("float32"):
        finished = photo_cnn(plan, stack=stack)
    for layer in finished.layers:
        if isinstance(layer, layers.Conv2D) and stack.biased:
            norm = trained.get_layer(layer.name.replace("conv", "norm"))
            kernel, bias = (np.asarray(w) for w in trained.get_layer(layer.name).get_weights())
            gamma, beta, mean, variance = (np.asarray(w) for w in norm.get_weights())
            factor = gamma / np.sqrt(variance + norm.epsilon)
            layer.set_weights([kernel * factor, (bias - mean) * factor + beta])
        elif isinstance(layer, layers.Conv2D | layers.Dense):
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    return finished
