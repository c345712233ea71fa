"""What is kept of the maps of a layer where the maps themselves would be too much."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

GRID = 4  # rows and columns of the positions that are sampled, at most


class ChannelReductions(keras.layers.Layer):  # type: ignore[misc]
    """Peak, its row and column, mean, share of positions above zero ``(n, k)``, and samples ``(n, g, k)``.

    The row of a peak is found among the maxima of rows, and its column in that row alone: an argmax over all
    positions takes several times as long.
    """

    def __init__(self, **options: Any) -> None:
        """Compute in float32 whatever the layer computes in."""
        super().__init__(dtype="float32", **options)

    def call(self, maps: Any) -> list[Any]:
        """The six tensors for ``maps`` ``(n, h, w, k)``."""
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
