"""From picture files to training batches without making a step wait.

Every picture is decoded and resized once, into a memory map of uint8; after that a batch costs
one affine warp per picture, done by threads while the previous step computes (OpenCV releases
the interpreter lock).
"""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import ImageError
from cnn_core.files import file_stamp, files_stamp, replacing
from cnn_core.images.decode import decode_image, resize_pixels
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.progress import SILENT, Progress
from cnn_core.training.input.augmentation import augmented
from cnn_core.training.settings.config import Augmentation

DECODING = "Decoding the pictures once"
CACHE_OVERSIZE = 1.25  # pictures are kept this much larger than used, so that zooming in stays sharp
CACHE_BYTES = 8 * 2**30  # of all memory maps together; those used longest ago make room
DECODED_AT_ONCE = 256
BATCHES_AHEAD = 6
AHEAD_BYTES = 512 * 2**20  # of the batches that wait for their step; large ones wait in smaller numbers
RESIDENT_PICTURES = 256  # after so many the system may have their pages back; each maps up to 1 MB around it
THREADS = max(2, min(8, (os.cpu_count() or 2) // 2))

UNCHANGED = Augmentation()

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def pixel_cache(
    files: LabelledFiles,
    size_px: int,
    folder: Path,
    progress: Progress = SILENT,
    *,
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """All pictures of a set, decoded and resized, as a memory map that later runs share.

    Args:
        files: the set; path, size and time of every file name the cache file.
        size_px: side of the square kept per picture.
        folder: where the file lies; made if missing.
        progress: told the share decoded after each group of pictures.
        threads: that decode at once; None: one per processor.

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
            _decode(files, size_px, temporary, progress, threads or os.cpu_count() or 1)
        cached = np.lib.format.open_memmap(path, mode="r")
    with suppress(OSError):  # another run made room meanwhile, or the cache is read-only
        os.utime(path)  # when it was used last
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


def _decode(files: LabelledFiles, size_px: int, path: Path, progress: Progress, threads: int) -> None:
    pixels = _new_map(path, (len(files.paths), size_px, size_px, 3))
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(files.paths), DECODED_AT_ONCE):
            group = files.paths[start : start + DECODED_AT_ONCE]
            for index, picture in enumerate(pool.map(lambda p: _square(p, size_px), group), start):
                pixels[index] = picture
            _let_go(pixels)
            progress((start + len(group)) / len(files.paths), DECODING)
    pixels.flush()


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


def kept_size_px(size_px: int, augmentation: Augmentation) -> int:
    """Side of the pictures to keep for training at ``size_px``: larger if augmentation zooms in."""
    zooms = augmentation.zoom > 0 or augmentation.stretch > 0
    return round(size_px * CACHE_OVERSIZE) if zooms else size_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How the pictures of an epoch become batches.

    Attributes:
        size_px: side of the pictures in the batches.
        seed: (run, epoch); the same seed gives the same bytes on any number of threads.
    """

    size_px: int
    batch_size: int
    augmentation: Augmentation
    preprocessing: Preprocessing
    seed: tuple[int, int]

    @property
    def ahead(self) -> int:
        """How many batches are made while a step computes."""
        batch_bytes = 4 * 3 * self.batch_size * self.size_px**2
        return max(1, min(BATCHES_AHEAD, AHEAD_BYTES // batch_bytes))


def training_batches(
    pixels: NDArray[np.uint8], labels: NDArray[np.float32], batching: Batching, first: int = 0
) -> Iterator[Batch]:
    """One epoch of shuffled, augmented batches from the ``first``; the last incomplete one is left out.

    Pictures are ``(n, H, W, 3)``, uint8; labels ``(n,)``, float32.
    """
    count, size_px, augmentation = batching.batch_size, batching.size_px, batching.augmentation
    order = np.random.default_rng(batching.seed).permutation(len(pixels))
    groups = [order[i : i + count] for i in range(0, len(order) - count + 1, count)]

    def batch(number: int) -> Batch:
        rng = np.random.default_rng((*batching.seed, number))
        chosen = groups[number]
        if augmentation == UNCHANGED and pixels.shape[1] == size_px:
            return batching.preprocessing.apply(pixels[chosen]), labels[chosen]
        pictures = np.stack([augmented(pixels[i], augmentation, rng, size_px) for i in chosen])
        return batching.preprocessing.apply(pictures), labels[chosen]

    between = max(1, RESIDENT_PICTURES // count)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Batch]] = deque()
        for number in range(first, len(groups)):
            waiting.append(pool.submit(batch, number))
            if number % between == 0:
                _let_go(pixels)
            if len(waiting) > batching.ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _let_go(pixels: NDArray[np.uint8]) -> None:
    """Take the pages of a memory map off this process; the system keeps them while it has room."""
    if isinstance(pixels.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        pixels.base.madvise(mmap.MADV_DONTNEED)


def _square(path: Path, size_px: int) -> NDArray[np.uint8]:
    try:
        return resize_pixels(decode_image(path.read_bytes()).pixels, (size_px, size_px))
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
