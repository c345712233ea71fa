"""Data sets that need no folder of one's own: made on request in the cache, complete or absent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.datasets import lines
from cnn_core.datasets.archives.unpack import staging, staging_prefix
from cnn_core.datasets.download import CATS_AND_DOGS, LOCAL_WAY, download
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.written_sets import write_class_folders
from cnn_core.errors import DataError
from cnn_core.files import writing_into
from cnn_core.progress import SILENT, Progress
from cnn_core.web_files import downloaded

LINE_SETS = {"train": (250, 1), "validation": (25, 2), "test": (50, 3)}  # pictures of each class, and seed
MNIST = "mnist"
MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
MNIST_SPLITS = ("train", "test")
MNIST_BYTES, LINE_BYTES = 300 * 10**6, 130 * 10**6  # on the disk, a block per picture


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet:
    """A data set that Convscope can fetch or make.

    Attributes:
        key: on the command line and in presets; also the name of its folder.
        title: a person's name for it.
        summary: what it holds, where it comes from and how large that is.
        verb: what a person does to have it.
        make: writes it into a folder that is not there yet.
        settings: of a ``DataSource`` on it, other than the usual ones.
    """

    key: str
    title: str
    summary: str
    verb: str
    make: Callable[[Path, Progress], object]
    settings: dict[str, Any]

    def folder(self, sets_folder: Path) -> Path:
        """Where it lies among others."""
        return sets_folder / self.key

    def source(self, sets_folder: Path) -> DataSource:
        """The data of a run on it."""
        return DataSource(folders=(str(self.folder(sets_folder)),), **self.settings)


def made(
    known: KnownSet, sets_folder: Path, progress: Progress = SILENT, *, file: Path | None = None
) -> Path:
    """The folder of a set, made now where it is not there.

    Args:
        known: which.
        sets_folder: of all such sets.
        progress: told the share that is done.
        file: a ``mnist.npz`` of this computer, which is read instead of a download.

    Raises:
        DataError: no network, what came is not the data set, or a folder that cannot be written.
        Cancelled: ``progress`` said so; nothing is left behind.
    """
    target = known.folder(sets_folder)
    if not target.is_dir():
        with writing_into(sets_folder):
            if file is not None and known.key == MNIST:
                mnist_from(file, target, progress)
            else:
                known.make(target, progress)
    progress(1.0)
    return target


def mnist_from(file: Path, target: Path, progress: Progress = SILENT) -> None:
    """Write MNIST in Keras' layout, ``mnist.npz``, as class folders; ``target`` is not there yet.

    Raises:
        DataError: the file is something else.
        Cancelled: ``progress`` said so; nothing is left behind.
    """
    arrays = _mnist_arrays(file)
    with staging(target, MNIST_BYTES) as place:
        for number, split in enumerate(MNIST_SPLITS):
            pixels, labels = arrays[f"x_{split}"], arrays[f"y_{split}"].astype(np.int64)
            digits = [str(digit) for digit in range(10)]
            write_class_folders(place / split, pixels, labels, digits, progress.part(number, 2))


def _mnist_arrays(file: Path) -> dict[str, np.ndarray[Any, np.dtype[np.uint8]]]:
    try:
        with np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except Exception as error:  # readers of archives raise anything at all on damaged bytes
        raise DataError(_no_mnist(file, type(error).__name__)) from error
    for part in MNIST_SPLITS:
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8 or x.ndim != 3 or y.shape != x.shape[:1] or not np.isin(y, range(10)).all():
            raise DataError(_no_mnist(file, f"{part} pictures of shape {x.shape}, labels of {y.shape}"))
    return arrays


def _no_mnist(file: Path, received: str) -> str:
    return (
        f"Expected Keras' mnist.npz in {file}: x_train, y_train, x_test and y_test, uint8. "
        f"Received: {received}. Name another file, or have it downloaded."
    )


def _make_mnist(target: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix=staging_prefix(target), dir=target.parent) as place:
        try:
            file = downloaded(MNIST_URL, f"sha256:{MNIST_SHA256}", Path(place), progress.between(0, 0.4))
        except DataError as error:
            raise DataError(
                f"{error} Or name a mnist.npz of this computer, in the page or with --data."
            ) from None
        mnist_from(file, target, progress.between(0.4, 1))


def _make_lines(target: Path, progress: Progress) -> None:
    with staging(target, LINE_BYTES) as place:
        for number, (split, (per_class, seed)) in enumerate(LINE_SETS.items()):
            drawn = lines.line_pictures(lines.balanced_labels(per_class), seed)
            part = progress.part(number, len(LINE_SETS))
            write_class_folders(place / split, drawn.pixels, drawn.labels, lines.CLASSES, part)


KNOWN_SETS = (
    KnownSet(
        key=CATS_AND_DOGS.name,
        title="Cats and dogs",
        summary="3,000 photos of cats and dogs, 68 MB, from the internet.",
        verb="Download",
        make=lambda target, progress: download(CATS_AND_DOGS, target.parent, progress),
        settings={},
    ),
    KnownSet(
        key=MNIST,
        title="MNIST",
        summary="70,000 written digits of 28 x 28 px (LeCun, Cortes, Burges), 11 MB, from the internet.",
        verb="Download",
        make=_make_mnist,
        settings={"validation": 500.0, "keep_non_rgb": True, "keep_near_duplicates": True},
    ),
    KnownSet(
        key="lines",
        title="Lines",
        summary="31,200 pictures of one line each, 28 x 28 px, drawn here: two lengths, two widths, twelve "
        "angles, two colours.",
        verb="Draw",
        make=_make_lines,
        settings={"keep_near_duplicates": True},
    ),
)


def known_set(key: str) -> KnownSet:
    """The set with that key.

    Raises:
        DataError: there is none.
    """
    for known in KNOWN_SETS:
        if known.key == key:
            return known
    raise DataError(
        f"Expected one of {', '.join(known.key for known in KNOWN_SETS)}, or a folder. Received: {key!r}. "
        f"Or {LOCAL_WAY}"
    )
