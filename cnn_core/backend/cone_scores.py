"""The scores behind a few changed cells of a picture's maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Float = NDArray[np.float32]


class ConeScores:
    """Runs layers on the changed cells alone, and the rest of a network on the whole map."""

    def __init__(
        self,
        first: Callable[[Any], Any],
        steps: Sequence[tuple[Callable[[Any], Any], float]],
        rest: keras.Model,
    ) -> None:
        """Compile it.

        Args:
            first: what happens to the pixels before the first step.
            steps: what happens to the cells that are cut out, and what stands around the map.
            rest: gives scores ``(n, classes)`` for the last map.
        """

        @tf.function(jit_compile=False, reduce_retracing=False)
        def scores(patches: tf.Tensor, maps: Any, places: Any) -> tf.Tensor:
            changed = first(patches)
            for (function, padding), whole, place in zip(steps, maps[:-1], places[:-1], strict=True):
                changed = function(_cut(whole, changed, place, padding))
            return tf.cast(rest(_cut(maps[-1], changed, places[-1], 0.0), training=False), tf.float32)

        self._scores = scores

    def __call__(
        self, patches: Float, maps: Sequence[Float], places: Sequence[NDArray[np.int32]]
    ) -> NDArray[np.float32]:
        """``(n, classes)``; ``maps`` ``(1, h, w, k)``, each with its ``places``, as a ``Cone`` gives them."""
        found = self._scores(tf.constant(patches), [*map(tf.constant, maps)], [*map(tf.constant, places)])
        return np.asarray(memoryview(found))


def _cut(whole: Any, changed: Any, places: Any, padding: float) -> Any:
    """Cells ``(n, h, w, k)`` from the table of the whole map, the padding and the changed cells."""
    channels = whole.shape[-1]
    around = tf.fill((1, channels), tf.cast(padding, whole.dtype))
    table = [tf.reshape(whole, (-1, channels)), around, tf.reshape(changed, (-1, channels))]
    return tf.gather(tf.concat(table, axis=0), places)
