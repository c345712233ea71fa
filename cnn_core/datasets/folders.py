"""A folder per class: the layout of cats_and_dogs_filtered and of most photo collections."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cnn_core.errors import DataError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Pictures with their classes.

    Attributes:
        classes: names in alphabetical order; the index of a name is its label.
        paths: picture files, sorted within a class, classes one after the other.
        labels: class index per path.
    """

    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: tuple[int, ...]

    def counts(self) -> dict[str, int]:
        """Number of pictures per class name."""
        return {name: self.labels.count(index) for index, name in enumerate(self.classes)}

    def fingerprint(self) -> str:
        """sha256 over class, name and size of every file: changes when the set changes."""
        digest = hashlib.sha256()
        for path, label in zip(self.paths, self.labels, strict=True):
            digest.update(f"{self.classes[label]}/{path.name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()


def labelled_files(folders: Iterable[Path]) -> LabelledFiles:
    """Join one or more folders that hold one sub-folder per class.

    Args:
        folders: each with the same sub-folder names, e.g. ``cats`` and ``dogs``.

    Raises:
        DataError: a folder is missing or has no class folders, a class has no pictures, or classes
            differ between folders.
    """
    folders = tuple(Path(folder) for folder in folders)
    classes: tuple[str, ...] | None = None
    for folder in folders:
        found = _class_names(folder)
        if classes is not None and found != classes:
            raise DataError(
                f"Expected the same classes in every folder, {list(classes)}. "
                f"Received: {list(found)} in {folder}. Rename the class folders so that they agree."
            )
        classes = found
    if classes is None:
        raise DataError("Expected at least one data folder. Received: none. Pass one with --data.")
    by_class = [[path for folder in folders for path in pictures_in(folder / name)] for name in classes]
    empty = [name for name, paths in zip(classes, by_class, strict=True) if not paths]
    if empty:
        raise DataError(
            f"Expected pictures of every class in {', '.join(map(str, folders))}. "
            f"Received: none of {', '.join(empty)}. Put pictures there, or remove the empty class folders."
        )
    labels = [label for label, paths in enumerate(by_class) for _ in paths]
    return LabelledFiles(classes, tuple(path for paths in by_class for path in paths), tuple(labels))


def pictures_in(folder: Path) -> list[Path]:
    """Picture files directly inside ``folder`` that are not hidden, sorted by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise DataError(
            f"Expected a folder with one sub-folder per class. Received: {folder}, which is no folder."
        )
    names = tuple(
        sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    )
    if len(names) < 2:
        raise DataError(
            f"Expected at least two class folders in {folder}. Received: {list(names)}. "
            "Give each class a folder of its own, e.g. cats/ and dogs/."
        )
    return names
