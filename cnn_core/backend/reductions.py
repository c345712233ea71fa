"""What is kept of the maps of a layer where the maps themselves would be too much."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

GRID = 4  # rows and columns of the positions that are sampled, at most


class Derived(keras.layers.Layer):  # type: ignore[misc]
    """What a function makes of tensors, as one step of a graph whose name no layer of a network bears."""

    def __init__(self, function: Callable[[Sequence[Any]], list[Any]]) -> None:
        """``function`` gets tensors and gives tensors; all of it in float32."""
        super().__init__(dtype="float32", name=f"derived_{uuid.uuid4().hex}")
        self._function = function

    def call(self, tensors: Sequence[Any]) -> list[Any]:
        """What the function gives."""
        return self._function(tensors)


def channel_reductions(maps: Any) -> list[Any]:
    """Peak, its row and column, mean, share of positions above zero ``(n, k)``, and samples ``(n, g, k)``.

    The row of a peak is found among the maxima of rows, and its column in that row alone: an argmax over all
    positions takes several times as long.

    Args:
        maps: ``(n, h, w, k)``.
    """
    shape = tf.shape(maps)
    rows = tf.reduce_max(maps, axis=2)  # (n, h, k)
    peak = tf.reduce_max(rows, axis=1)
    y = tf.argmax(rows, axis=1, output_type=tf.int32)
    x = tf.argmax(_row(maps, y, shape), axis=1, output_type=tf.int32)
    flat = tf.reshape(maps, (shape[0], shape[1] * shape[2], shape[3]))  # (n, hw, k)
    line = tf.fill((1, shape[1] * shape[2]), 1 / tf.cast(shape[1] * shape[2], tf.float32))
    mean = tf.matmul(line, flat)[:, 0]  # a product is computed faster than a mean over a middle axis
    share = tf.matmul(line, tf.sign(tf.nn.relu(flat)))[:, 0]
    return [peak, y, x, mean, share, _samples(maps, shape)]


def _row(maps: Any, y: Any, shape: Any) -> Any:
    """Row ``y`` ``(n, k)`` of every map, ``(n, w, k)``."""
    channel, column = tf.range(shape[3])[None, None], tf.range(shape[2])[None, :, None]
    places = (y[:, None] * shape[2] + column) * shape[3] + channel  # (n, w, k)
    values = tf.reshape(maps, (shape[0], -1))
    return tf.gather(values, places, batch_dims=1)


def _samples(maps: Any, shape: Any) -> Any:
    """The values at a grid of positions, at most ``GRID`` rows and columns, ``(n, g, k)``."""
    down, across = (shape[1] + GRID - 1) // GRID, (shape[2] + GRID - 1) // GRID
    grid = maps[:, down // 2 :: down, across // 2 :: across]
    return tf.reshape(grid, (shape[0], -1, shape[3]))
