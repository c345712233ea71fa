"""Pictures that are arrays, as class folders of PNG files: what all the rest can read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.progress import SILENT, Progress

GROUP = 512  # files written without a word in between
THREADS = 4


def write_class_folders(
    folder: Path,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    progress: Progress = SILENT,
) -> None:
    """Write a folder per class, with its pictures as ``00001.png`` and so on.

    Args:
        folder: made, with its parents.
        pixels: ``(n, H, W, 3)``, RGB, or ``(n, H, W)``, grey.
        labels: ``(n,)``, index in ``classes``.
        classes: names of the folders.
        progress: told the share that is written.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
        Cancelled: ``progress`` said so.
    """
    for name in classes:
        (folder / name).mkdir(parents=True)

    def write(number: int) -> None:
        picture = pixels[number] if pixels.ndim == 3 else pixels[number][..., ::-1]  # OpenCV's order
        _, encoded = cv2.imencode(".png", picture)
        (folder / classes[labels[number]] / f"{number + 1:05}.png").write_bytes(encoded.tobytes())

    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(pixels), GROUP):
            progress(start / len(pixels))
            list(pool.map(write, range(start, min(start + GROUP, len(pixels)))))
