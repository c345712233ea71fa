"""The pictures of one run: decoded beside whatever else it begins with, and kept open to its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import Cancelled
from cnn_core.progress import SILENT, Progress
from cnn_core.training.input.pixel_cache import Numbers, PixelSet, pixel_cache

SizedFiles = tuple[LabelledFiles, int]  # a set, and the side in pixels of its pictures


class DecodedPictures:
    """Memory maps that stay open: neither a cache that makes room nor photos moved away disturb a run.

    The sets are decoded one after the other in a thread, while the framework starts and compiles and the
    first steps are trained. All processors work on the first set; the others leave one to the steps.
    """

    def __init__(self, cache_folder: Path) -> None:
        """``cache_folder`` is shared with other runs."""
        self._cache_folder = cache_folder
        self._closed = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._pool = ThreadPoolExecutor(1)
        self._sets: dict[SizedFiles, PixelSet] = {}

    def begin(self, wanted: Iterable[SizedFiles], order: Numbers | None = None) -> None:
        """Decode these sets one after the other, those that are begun already not again.

        Args:
            wanted: in the order of need.
            order: in which the pictures of the first of them are needed; None: any.
        """
        for files, size_px in wanted:
            if (files, size_px) not in self._sets:
                threads = 1 if self._sets else os.cpu_count() or 1
                pictures = self._sets[files, size_px] = PixelSet(len(files.paths))
                self._pool.submit(self._decode, files, size_px, threads, order, pictures)
            order = None

    def set_of(self, files: LabelledFiles, size_px: int) -> PixelSet:
        """The pictures of a set, some of which may not be there yet."""
        self.begin([(files, size_px)])
        return self._sets[files, size_px]

    def of(self, files: LabelledFiles, size_px: int, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """The pictures of a set, ``(n, size_px, size_px, 3)``, uint8, read-only; waits for all of them.

        Args:
            progress: told the share of the set that is done, while there is something to wait for.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
            Cancelled: ``progress`` said so.
        """
        pictures = self.set_of(files, size_px)
        try:
            return pictures.wait_for(None, progress)
        except Cancelled:
            self.close()  # nobody waits any longer
            raise

    @property
    def decoding(self) -> bool:
        """Whether some of the sets that are begun are not there yet."""
        return not all(pictures.complete for pictures in self._sets.values())

    def wait_for_all(self, progress: Progress = SILENT) -> None:
        """Wait for all sets that are begun; what is wrong with a picture comes out now, not hours later.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
        """
        for pictures in tuple(self._sets.values()):
            pictures.wait_for(None, progress)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Inside, nothing is decoded, so that what is timed has the processors for itself."""
        self._may_go_on.clear()
        try:
            yield
        finally:
            self._may_go_on.set()

    def close(self) -> None:
        """Decode nothing more; what is decoded stays open."""
        self._closed.set()
        self._may_go_on.set()
        self._pool.shutdown(cancel_futures=True)
        for pictures in self._sets.values():
            if not pictures.complete:
                pictures.fail(Cancelled("Nothing more is decoded."))

    def _decode(
        self, files: LabelledFiles, size_px: int, threads: int, order: Numbers | None, pictures: PixelSet
    ) -> None:
        def closed() -> bool:
            self._may_go_on.wait()
            return self._closed.is_set()

        progress = Progress(cancelled=closed)
        try:
            pixel_cache(
                files, size_px, self._cache_folder, progress, threads=threads, order=order, growing=pictures
            )
        except BaseException as error:
            pictures.fail(error)
