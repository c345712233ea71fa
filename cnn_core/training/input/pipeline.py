"""From decoded pictures to training batches without making a step wait.

A batch costs one affine warp per picture, done by threads while the previous step computes (OpenCV
releases the interpreter lock).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.images.decode import with_channels
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.training.input.augmentation import augmented
from cnn_core.training.input.pixel_cache import Numbers, let_go
from cnn_core.training.settings.config import Augmentation

CACHE_OVERSIZE = 1.25  # pictures are kept this much larger than used, so that zooming in stays sharp
BATCHES_AHEAD = 6
AHEAD_BYTES = 512 * 2**20  # of the batches that wait for their step; large ones wait in smaller numbers
RESIDENT_PICTURES = 256  # after so many the system may have their pages back; each maps up to 1 MB around it
THREADS = max(2, min(8, (os.cpu_count() or 2) // 2))

UNCHANGED = Augmentation()

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def kept_size_px(size_px: int, augmentation: Augmentation) -> int:
    """Side of the pictures to keep for training at ``size_px``: larger if augmentation zooms in."""
    zooms = augmentation.zoom > 0 or augmentation.stretch > 0
    return round(size_px * CACHE_OVERSIZE) if zooms else size_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How the pictures of an epoch become batches.

    Attributes:
        size_px: side of the pictures in the batches.
        channels: that the network takes, 1 of grey pictures.
        seed: (run, epoch); the same seed gives the same bytes on any number of threads.
    """

    size_px: int
    batch_size: int
    augmentation: Augmentation
    preprocessing: Preprocessing
    seed: tuple[int, int]
    channels: int = 3

    def inputs(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures ``(n, H, W, 3)`` as the network takes them."""
        return self.preprocessing.apply(with_channels(pictures, self.channels))

    @property
    def ahead(self) -> int:
        """How many batches are made while a step computes."""
        batch_bytes = 4 * 3 * self.batch_size * self.size_px**2
        return max(1, min(BATCHES_AHEAD, AHEAD_BYTES // batch_bytes))


def epoch_order(seed: tuple[int, int], count: int) -> Numbers:
    """The pictures of an epoch in the order in which they are trained on; ``seed`` as in ``Batching``."""
    return np.random.default_rng(seed).permutation(count)


def training_batches(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.float32],
    batching: Batching,
    first: int = 0,
    wait_for: Callable[[Numbers], object] | None = None,
) -> Iterator[Batch]:
    """One epoch of shuffled, augmented batches from the ``first``; the last incomplete one is left out.

    Args:
        pixels: ``(n, H, W, 3)``.
        labels: ``(n,)``.
        wait_for: called in a thread with the numbers of the pictures of a batch before they are read.
    """
    count, size_px, augmentation = batching.batch_size, batching.size_px, batching.augmentation
    order = epoch_order(batching.seed, len(pixels))
    groups = [order[i : i + count] for i in range(0, len(order) - count + 1, count)]

    def batch(number: int) -> Batch:
        rng = np.random.default_rng((*batching.seed, number))
        chosen = groups[number]
        if wait_for is not None:
            wait_for(chosen)
        if augmentation == UNCHANGED and pixels.shape[1] == size_px:
            return batching.inputs(pixels[chosen]), labels[chosen]
        pictures = np.stack([augmented(pixels[i], augmentation, rng, size_px) for i in chosen])
        return batching.inputs(pictures), labels[chosen]

    between = max(1, RESIDENT_PICTURES // count)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Batch]] = deque()
        for number in range(first, len(groups)):
            waiting.append(pool.submit(batch, number))
            if number % between == 0:
                let_go(pixels)
            if len(waiting) > batching.ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
