"""Folders of small pictures for the tests of data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def photo(seed: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """``(height, width, 3)`` pixels of smooth random blobs: like a photo, no two alike."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def save(path: Path, pixels: NDArray[np.uint8] | Image.Image, **options: object) -> Path:
    """Write a picture, its format by its suffix; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(path, **options)
    return path


def class_folders(folder: Path, count: int = 4, first_seed: int = 0) -> Path:
    """``folder`` with ``count`` different JPEG photos in ``cats/`` and in ``dogs/`` each."""
    for number, name in enumerate(("cats", "dogs")):
        for index in range(count):
            seed = first_seed + 1000 * number + index
            save(folder / name / f"{name[:-1]}.{index}.jpg", photo(seed), quality=90)
    return folder


def named_files(folder: Path, count: int = 10, classes: tuple[str, ...] = ("cats", "dogs")) -> Path:
    """``folder`` with ``count`` files per class that are pictures by name only; quick."""
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            (folder / name / f"{name}.{index}.jpg").write_bytes(f"{name} {index}".encode())
    return folder


def made(folder: Path, *names: str) -> Path:
    """A folder with files of the given names, which end in ``/`` for an empty folder."""
    for name in names:
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(name.encode())
    return folder
