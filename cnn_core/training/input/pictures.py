"""The pictures of one run: decoded before its first epoch, and kept open to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.progress import SILENT, Progress
from cnn_core.training.input.pipeline import DECODING, pixel_cache

PIXELS_FOLDER = "pixels"  # in the cache
LOOK_SECONDS = 0.5  # between two looks how far the decoding is

SizedFiles = tuple[LabelledFiles, int]  # a set, and the side in pixels of its pictures


@contextmanager
def decoding_meanwhile(
    wanted: Sequence[SizedFiles], cache_folder: Path
) -> Iterator[Callable[[Progress], None]]:
    """Decode pictures into the cache beside what is done inside.

    Gives a function that waits until they are decoded, and tells how far that is. What is wrong with a
    picture is told by whoever opens it afterwards.
    """
    over, share = threading.Event(), [0.0]

    def note(fraction: float, doing: object) -> None:
        share[0] = fraction

    def decode() -> None:
        with suppress(Exception):
            DecodedPictures(cache_folder).decode(wanted, Progress(tell=note, cancelled=over.is_set))

    def wait(progress: Progress) -> None:
        while thread.is_alive():
            progress(share[0], DECODING)
            thread.join(LOOK_SECONDS)

    thread = threading.Thread(target=decode, name="decoding", daemon=True)
    thread.start()
    try:
        yield wait
    finally:
        over.set()
        thread.join()


class DecodedPictures:
    """Memory maps that stay open: neither a cache that makes room nor photos moved away disturb a run."""

    def __init__(self, cache_folder: Path) -> None:
        """``cache_folder`` is shared with other runs."""
        self._cache_folder = cache_folder
        self._maps: dict[SizedFiles, NDArray[np.uint8]] = {}

    def decode(self, wanted: Iterable[SizedFiles], progress: Progress) -> None:
        """Open all these sets; what is wrong with a picture comes out now, and not hours later.

        Args:
            wanted: sets and sizes; the same one twice counts once.
            progress: told the share of all of them that is done, where a set is decoded.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
        """
        sets = list(dict.fromkeys(wanted))
        total, done = sum(len(files.paths) for files, _ in sets), 0
        for files, size_px in sets:
            count = len(files.paths)
            self.of(files, size_px, progress.between(done / total, (done + count) / total))
            done += count

    def of(self, files: LabelledFiles, size_px: int, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """The pictures of a set, ``(n, size_px, size_px, 3)``, uint8, read-only."""
        if (files, size_px) not in self._maps:
            self._maps[files, size_px] = pixel_cache(files, size_px, self._cache_folder, progress)
        return self._maps[files, size_px]
