"""Pictures decoded once for all runs: a memory map of uint8 on the disk, which can be read while it grows."""

from __future__ import annotations

import mmap
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import Cancelled, ImageError
from cnn_core.files import file_stamp, files_stamp, replacing
from cnn_core.images.decode import decode_image, resize_pixels
from cnn_core.progress import SILENT, Progress

DECODING = "Decoding the pictures once"
CACHE_BYTES = 8 * 2**30  # of all memory maps together; those used longest ago make room
DECODED_AT_ONCE = 64
NICE = 10  # decoding takes the time that the framework and the steps leave
POLL_SECONDS = 0.1

Numbers = NDArray[np.intp]


class PixelSet:
    """The pictures of a set, which can be taken while others are still decoded; for any number of threads."""

    def __init__(self, count: int) -> None:
        """So many pictures, none of which is there."""
        self._changed = threading.Condition()
        self._there = np.zeros(count, bool)
        self._pixels: NDArray[np.uint8] | None = None
        self._error: BaseException | None = None

    def pixels(self, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """All pictures, ``(n, H, W, 3)``, uint8, read-only; black where ``wait_for`` has not answered yet."""
        return self.wait_for(np.empty(0, np.intp), progress)

    def wait_for(self, chosen: Numbers | None = None, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """All pictures, as ``pixels``, once some are there; None: all of them.

        Args:
            progress: told the share of the whole set that is decoded, while there is something to wait for.

        Raises:
            ImageError: a file is no usable picture.
            OSError: a file is gone, or the disk is full.
            Cancelled: ``progress`` said so, or nothing more is decoded.
        """
        wanted = slice(None) if chosen is None else chosen
        while not self._answers(wanted):
            progress(float(self._there.mean()), DECODING)
            with self._changed:
                self._changed.wait_for(lambda: self._answers(wanted), POLL_SECONDS)
        if self._error is not None or self._pixels is None:
            raise self._error or Cancelled("Nothing is decoded.")
        return self._pixels

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self._answers(slice(None))

    def _answers(self, wanted: Numbers | slice) -> bool:
        """Whether whoever waits for those pictures has an answer: the pictures, or why they do not come."""
        return self._error is not None or (self._pixels is not None and bool(self._there[wanted].all()))

    def begin(self, pixels: NDArray[np.uint8]) -> None:
        """Have the pictures read from here as they come."""
        shown = pixels.view()
        shown.flags.writeable = False
        with self._changed:
            self._pixels = shown
            self._changed.notify_all()

    def add(self, numbers: Numbers | slice) -> None:
        """Those pictures are there."""
        with self._changed:
            self._there[numbers] = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """There will be no more; whoever waits gets the error."""
        with self._changed:
            self._error = error
            self._changed.notify_all()


def pixel_cache(
    files: LabelledFiles,
    size_px: int,
    folder: Path,
    progress: Progress = SILENT,
    *,
    threads: int | None = None,
    order: Numbers | None = None,
    growing: PixelSet | None = None,
) -> NDArray[np.uint8]:
    """All pictures of a set, decoded and resized, as a memory map that later runs share.

    Args:
        files: the set; path, size and time of every file name the cache file.
        size_px: side of the square kept per picture.
        folder: where the file lies; made if missing.
        progress: told the share decoded after each group of pictures.
        threads: that decode at once; None: one per processor.
        order: numbers of the pictures, ``(n,)``, as they are decoded; None: as they come.
        growing: is given the pictures as they are decoded.

    Returns:
        ``(n, size_px, size_px, 3)``, uint8, RGB, read-only, same order as ``files.paths``.

    Raises:
        ImageError: a file is no usable picture; the message names it.
        OSError: a file or the data folder is gone, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{files_stamp(files.paths)[:16]}-{size_px}.npy"
    shape = (len(files.paths), size_px, size_px, 3)
    cached = _opened(path, shape)
    if cached is None:
        _make_room(folder, int(np.prod(shape)))
        with replacing(path) as temporary:
            growing = growing or PixelSet(shape[0])
            order = np.arange(shape[0]) if order is None else order
            _decode(files, size_px, temporary, progress, threads or os.cpu_count() or 1, order, growing)
        cached = np.lib.format.open_memmap(path, mode="r")
    with suppress(OSError):  # another run made room meanwhile, or the cache is read-only
        os.utime(path)  # when it was used last
    if growing is not None:
        growing.begin(cached)
        growing.add(slice(None))
    return cached


def _opened(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """A memory map of an earlier run, or None where there is none; a damaged one is removed."""
    try:
        cached: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")
        if cached.shape == shape and cached.dtype == np.uint8:
            return cached
    except FileNotFoundError:
        return None
    except (EOFError, ValueError):  # empty, cut off, or no array at all
        pass
    path.unlink(missing_ok=True)
    return None


def _make_room(folder: Path, needed: int) -> None:
    """Drop the memory maps used longest ago until there is room; a run that reads one keeps it open."""
    finished = (path for path in folder.glob("*.npy") if not path.name.startswith("."))
    maps = sorted((*stamp, path) for path in finished if (stamp := file_stamp(path)) is not None)
    while maps and sum(size for _, size, _ in maps) + needed > CACHE_BYTES:
        maps.pop(0)[-1].unlink(missing_ok=True)


def _decode(
    files: LabelledFiles,
    size_px: int,
    path: Path,
    progress: Progress,
    threads: int,
    order: Numbers,
    growing: PixelSet,
) -> None:
    pixels = _new_map(path, (len(files.paths), size_px, size_px, 3))
    if os.name == "posix":  # elsewhere a file that is read cannot be renamed
        growing.begin(pixels)
    with ThreadPoolExecutor(threads, initializer=_give_way) as pool:
        for start in range(0, len(order), DECODED_AT_ONCE):
            group = order[start : start + DECODED_AT_ONCE]
            for number, picture in zip(
                group, pool.map(lambda n: _square(files.paths[n], size_px), group), strict=True
            ):
                pixels[number] = picture
            growing.add(group)
            let_go(pixels)
            progress((start + len(group)) / len(order), DECODING)
    pixels.flush()


def _give_way() -> None:
    """Leave the processors to other threads that want them."""
    if sys.platform == "linux":  # where it is a matter of one thread
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _new_map(path: Path, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.uint8]]:
    """An ``.npy`` file as a memory map that can be written.

    Its bytes are claimed first, since writing to a memory map on a full disk kills the process. NumPy's own
    ``open_memmap`` would let them go again.
    """
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, start + int(np.prod(shape)))
    return np.memmap(path, np.uint8, "r+", start, shape)


def let_go(pixels: NDArray[np.uint8]) -> None:
    """Take the pages of a memory map off this process; the system keeps them while it has room."""
    if isinstance(pixels.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        pixels.base.madvise(mmap.MADV_DONTNEED)


def _square(path: Path, size_px: int) -> NDArray[np.uint8]:
    try:
        return resize_pixels(decode_image(path.read_bytes()).pixels, (size_px, size_px))
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
