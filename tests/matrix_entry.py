"""One tiny model of the matrix: how it is built, with which weights, and what is put in."""

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


def in_matrix(
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


def photo(channels: int = 3) -> keras.KerasTensor:
    return keras.Input((12, 10, channels))


def mean_softmax(x: keras.KerasTensor, units: int = 3) -> keras.KerasTensor:
    return layers.Dense(units, "softmax", name="answer")(layers.GlobalAveragePooling2D()(x))
