"""Photos small enough to train on in seconds: what is warm is a cat, what is cold a dog."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

WARM, COLD = (210, 120, 60), (60, 110, 210)


def write_photo(path: Path, colour: tuple[int, int, int], seed: int, side_px: int = 40) -> Path:
    """A JPEG of smooth blobs about a colour; no two seeds alike."""
    rng = np.random.default_rng(seed)
    coarse = np.clip(np.array(colour) + rng.normal(0, 40, (5, 5, 3)), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC)
    picture.save(path, quality=92)
    return path


def write_class_folders(folder: Path, count: int, first_seed: int = 0) -> Path:
    """``count`` photos each in ``folder/cats`` and ``folder/dogs``."""
    for place, (name, colour) in enumerate((("cats", WARM), ("dogs", COLD))):
        for index in range(count):
            seed = first_seed + 10_000 * place + index
            write_photo(folder / name / f"{name}.{index}.jpg", colour, seed)
    return folder


def write_tiny_photos(folder: Path, training: int = 24, validation: int = 8) -> Path:
    """``folder`` with ``train`` and ``validation``, so many photos of each class."""
    write_class_folders(folder / "train", training)
    write_class_folders(folder / "validation", validation, first_seed=5_000)
    return folder


def packed(folder: Path) -> bytes:
    """A zip of ``folder`` with all photos in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, path.relative_to(folder.parent))
    return stream.getvalue()
