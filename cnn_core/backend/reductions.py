"""What is kept of the maps of a layer where the maps themselves would be too much."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

GRID = 4  # rows and columns of the positions that are sampled, at most


class ChannelReductions(keras.layers.Layer):  # type: ignore[misc]
    """Peak, its row and column, mean, share of positions above zero ``(n, k)``, and samples ``(n, g, k)``.

    Rows and columns have their maxima taken separately, which is several times faster than an argmax over
    both; only where several positions hold the peak is its row searched.
    """

    def __init__(self, **options: Any) -> None:
        """Compute in float32 whatever the layer computes in."""
        super().__init__(dtype="float32", **options)

    def call(self, maps: Any) -> list[Any]:
        """The six tensors for ``maps`` ``(n, h, w, k)``."""
        shape = tf.shape(maps)
        rows, columns = ops.max(maps, axis=2), ops.max(maps, axis=1)  # (n, h, k), (n, w, k)
        peak = ops.max(rows, axis=1)
        y = tf.argmax(rows, axis=1, output_type=tf.int32)
        x = tf.argmax(columns, axis=1, output_type=tf.int32)
        flat = tf.reshape(maps, (shape[0], shape[1] * shape[2], shape[3]))  # (n, hw, k)
        x = _in_row(flat, peak, y, x, shape[2])
        line = tf.fill((1, shape[1] * shape[2]), 1 / tf.cast(shape[1] * shape[2], tf.float32))
        mean = tf.matmul(line, flat)[:, 0]
        share = tf.matmul(line, tf.cast(flat > 0, tf.float32))[:, 0]
        return [peak, y, x, mean, share, _samples(maps, shape)]


def _in_row(flat: Any, peak: Any, y: Any, x: Any, width: Any) -> Any:
    """Columns ``(n, k)`` of the peaks in rows ``y``: ``x``, unless that is the column of another peak.

    Args:
        flat: the maps ``(n, hw, k)``.
        peak, y, x: ``(n, k)``.
        width: w.
    """
    shape = tf.shape(flat)
    images = tf.broadcast_to(tf.range(shape[0])[:, None], tf.shape(x))
    channels = tf.broadcast_to(tf.range(shape[2])[None], tf.shape(x))
    found = tf.gather_nd(flat, tf.stack([images, y * width + x, channels], axis=-1))
    wrong = tf.where(found < peak)  # (m, 2)
    image, channel = tf.cast(wrong[:, :1], tf.int32), tf.cast(wrong[:, 1:], tf.int32)
    places = tf.gather_nd(y, wrong)[:, None] * width + tf.range(width)[None]  # (m, w)
    image, channel = (tf.broadcast_to(each, tf.shape(places)) for each in (image, channel))
    row = tf.gather_nd(flat, tf.stack([image, places, channel], axis=-1))
    return tf.tensor_scatter_nd_update(x, wrong, tf.argmax(row, axis=1, output_type=tf.int32))


def _samples(maps: Any, shape: Any) -> Any:
    """The values at a grid of positions, at most ``GRID`` rows and columns, ``(n, g, k)``."""
    down, across = (shape[1] + GRID - 1) // GRID, (shape[2] + GRID - 1) // GRID
    grid = maps[:, down // 2 :: down, across // 2 :: across]
    return tf.reshape(grid, (shape[0], -1, shape[3]))
