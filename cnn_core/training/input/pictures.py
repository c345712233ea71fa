"""The pictures of one run: decoded beside whatever else it begins with, and kept open to its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import Cancelled
from cnn_core.progress import SILENT, Progress
from cnn_core.training.input.pipeline import DECODING, pixel_cache

POLL_SECONDS = 0.1

SizedFiles = tuple[LabelledFiles, int]  # a set, and the side in pixels of its pictures


class DecodedPictures:
    """Memory maps that stay open: neither a cache that makes room nor photos moved away disturb a run.

    The sets are decoded one after the other in a thread, while the framework starts and compiles. All
    processors work on the first set, for which the first step waits; the others leave one to the steps.
    """

    def __init__(self, cache_folder: Path) -> None:
        """``cache_folder`` is shared with other runs."""
        self._cache_folder = cache_folder
        self._closed = threading.Event()
        self._share = 0.0
        self._pool = ThreadPoolExecutor(1)
        self._maps: dict[SizedFiles, Future[NDArray[np.uint8]]] = {}

    def begin(self, wanted: Iterable[SizedFiles]) -> None:
        """Decode these sets in this order, those that are begun already not again."""
        for files, size_px in wanted:
            if (files, size_px) not in self._maps:
                threads = 1 if self._maps else os.cpu_count() or 1
                self._maps[files, size_px] = self._pool.submit(self._decoded, files, size_px, threads)

    def of(self, files: LabelledFiles, size_px: int, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """The pictures of a set, ``(n, size_px, size_px, 3)``, uint8, read-only; waits for them.

        Args:
            progress: told the share of the set in work that is done, while there is something to wait for.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
            Cancelled: ``progress`` said so; nothing more is decoded.
        """
        self.begin([(files, size_px)])
        found = self._maps[files, size_px]
        while not found.done():
            try:
                progress(self._share, DECODING)
            except Cancelled:
                self.close()  # nobody waits any longer
                raise
            wait([found], POLL_SECONDS)
        return found.result()

    @property
    def decoding(self) -> bool:
        """Whether some of the sets that are begun are not there yet."""
        return not all(found.done() for found in self._maps.values())

    def wait_for_all(self, progress: Progress = SILENT) -> None:
        """Wait for all sets that are begun; what is wrong with a picture comes out now, not hours later.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
        """
        for files, size_px in tuple(self._maps):
            self.of(files, size_px, progress)

    def close(self) -> None:
        """Decode nothing more; what is decoded stays open."""
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)

    def _decoded(self, files: LabelledFiles, size_px: int, threads: int) -> NDArray[np.uint8]:
        self._share = 0.0
        progress = Progress(tell=self._tell, cancelled=self._closed.is_set)
        return pixel_cache(files, size_px, self._cache_folder, progress, threads=threads)

    def _tell(self, share: float, _: object) -> None:
        self._share = share
