"""The networks of the documents: convolutions and pooling, Flatten, one hidden layer, the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from cnn_core import backend
from cnn_core.architectures.architecture import Architecture, Plan, answer
from cnn_core.errors import DataError
from cnn_core.images.preprocessing import Preprocessing

HIDDEN_UNITS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What tells the documents' networks apart.

    Attributes:
        key: name in settings and cards.
        filters: of each convolution.
        padding: ``same`` or ``valid``.
        after_pool: share of the dropout rate after each pooling, in order; 0 is none.
        after_flatten, after_hidden: share of the dropout rate in these places.
    """

    key: str
    filters: tuple[int, ...]
    padding: str
    after_pool: tuple[float, ...]
    after_flatten: float = 0.0
    after_hidden: float = 0.0

    @property
    def smallest_px(self) -> int:
        """Side of the smallest pictures that leave one value to the last pooling."""
        side_px = 1
        for _ in self.filters:
            side_px = 2 * side_px + (2 if self.padding == "valid" else 0)
        return side_px

    def model(self, plan: Plan, *, logits: bool) -> keras.Model:
        """The network: ``(n, size, size, 3)`` in 0..1 to logits or probabilities.

        Raises:
            DataError: pictures too small for so many poolings.
        """
        if plan.size_px is None:
            raise DataError(f"Expected a picture size, since {self.key} flattens its maps. Received: none.")
        if plan.size_px < self.smallest_px:
            raise DataError(
                f"Expected larger pictures for {self.key}, whose maps shrink {len(self.filters)} times. "
                f"Received: {plan.size_px} px. Choose at least {self.smallest_px} px."
            )
        x = inputs = keras.Input((plan.size_px, plan.size_px, 3), name="photo")
        for index, (filters, share) in enumerate(zip(self.filters, self.after_pool, strict=True), start=1):
            x = _trained_block(x, self, filters, index) if logits else _block(x, self, filters, index)
            x = _dropped(x, share * plan.dropout, f"dropout{index}")
        x = layers.Flatten(name="flatten")(x)
        x = _dropped(x, self.after_flatten * plan.dropout, "dropout_flat")
        x = layers.Dense(HIDDEN_UNITS, "relu", name="hidden")(x)
        x = _dropped(x, self.after_hidden * plan.dropout, "dropout_hidden")
        return keras.Model(inputs, answer(x, plan.classes, logits=logits), name=self.key)

    def finished(self, trained: keras.Model, plan: Plan) -> keras.Model:
        """The same network in float32 with probabilities for logits; dropout stays, and does nothing."""
        with backend.dtype_policy("float32"):
            model = self.model(plan, logits=False)
        model.set_weights(trained.get_weights())
        return model

    def architecture(self) -> Architecture:
        """This stack among all architectures."""
        return Architecture(
            key=self.key,
            smallest_px=self.smallest_px,
            any_size=False,
            preprocessing=lambda plan: Preprocessing(),
            for_training=lambda plan: self.model(plan, logits=True),
            finished=self.finished,
        )


def _block(x: Any, stack: Stack, filters: int, index: int) -> Any:
    """Convolution, ReLU, pooling."""
    x = layers.Conv2D(filters, 3, padding=stack.padding, activation="relu", name=f"conv{index}")(x)
    return layers.MaxPooling2D(name=f"pool{index}")(x)


def _trained_block(x: Any, stack: Stack, filters: int, index: int) -> Any:
    """The same function with the same weights in the same order, made to be differentiated.

    The largest of four values after bias and ReLU is bias and ReLU of the largest: done after pooling,
    they and their gradients are a quarter of the work. In bfloat16 the bias stays in the convolution,
    which adds it for nothing there.
    """
    fused = keras.config.dtype_policy().compute_dtype != "float32"
    x = layers.Conv2D(filters, 3, padding=stack.padding, use_bias=fused, name=f"conv{index}")(x)
    x = layers.MaxPooling2D(name=f"pool{index}")(x)
    return layers.ReLU(name=f"relu{index}")(x) if fused else BiasReLU(name=f"relu{index}")(x)


class BiasReLU(layers.Layer):  # type: ignore[misc]
    """A bias per channel, then ReLU: ``(n, h, w, k)`` to the same shape."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the biases, zero at first as those of a convolution."""
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Add and clip."""
        return keras.ops.relu(inputs + self.bias)


def _dropped(x: object, rate: float, name: str) -> object:
    return layers.Dropout(rate, name=name)(x) if rate > 0 else x


LECTURE = Stack(
    key="lecture_cnn", filters=(16, 32, 64), padding="same", after_pool=(1, 0, 1), after_hidden=1 / 3
)
ARTICLE = Stack(
    key="article_cnn", filters=(32, 64, 128, 128), padding="same", after_pool=(0, 0, 0, 0), after_flatten=1
)
REPORT = Stack(
    key="report_cnn", filters=(32, 64, 128, 128), padding="valid", after_pool=(0, 0, 0, 0), after_flatten=1
)
