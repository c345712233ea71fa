"""The photos of a data set as an index sees them: by class, with what tells whether a file has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnn_core.datasets.folders import class_folders, inner_folder, labelled_files, pictures_in
from cnn_core.datasets.layout import class_name, classes_in_names
from cnn_core.errors import DataError
from cnn_core.files import file_stamp, writing_into

GONE = (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PhotoFile:
    """A photo of a data set.

    Attributes:
        path: relative to the folder of the set, with ``/``.
        label: name of its class.
        time_ns, size_bytes: of the last change, and of the file; -1 for one that is gone.
    """

    path: str
    label: str
    time_ns: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSet:
    """The photos to index.

    Attributes:
        folder: that their paths begin in.
        classes: names in alphabetical order, of those with photos.
        files: classes one after the other, by name.
        empty_classes: folders of classes in which no photo lies.
        limit: at most so many were taken; None: all.
    """

    folder: Path
    classes: tuple[str, ...]
    files: tuple[PhotoFile, ...]
    empty_classes: tuple[str, ...] = ()
    limit: int | None = None

    def fingerprint(self) -> str:
        """sha256 over path, class, time and size of every file, and the folder."""
        digest = hashlib.sha256(str(self.folder).encode("utf-8", "surrogateescape"))
        digest.update(files_key(self.files).encode())
        return digest.hexdigest()


def files_key(files: Sequence[PhotoFile]) -> str:
    """sha256 over what is known of files: equal exactly when all of it is."""
    digest = hashlib.sha256()
    for file in files:
        line = f"{file.label}\t{file.path}\t{file.time_ns}\t{file.size_bytes}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def photo_set(folder: Path, limit: int | None = None) -> PhotoSet:
    """The photos in class folders, in files called ``cat.0.jpg``, or in a folder without classes.

    A class folder without photos is named in ``empty_classes``, and the others are taken.

    Args:
        folder: of the class folders or photos.
        limit: at most so many, evenly from all, so that every class has its share.

    Raises:
        DataError: no such folder, no photo in it, or a limit that is no count.
    """
    folder = inner_folder(folder.expanduser().resolve())
    if limit is not None and limit < 1:
        raise DataError(f"Expected a limit of at least 1 photo. Received: {limit}. Raise it.")
    by_class = _by_class(folder)
    files = [
        _photo_file(folder, path, name)
        for name in sorted(by_class)
        for path in by_class[name]
    ]  # fmt: skip
    if limit is not None and limit < len(files):
        places = np.linspace(0, len(files) - 1, limit).round().astype(int)
        files = [files[place] for place in places]
    return PhotoSet(
        folder=folder,
        classes=tuple(sorted({file.label for file in files})),
        files=tuple(files),
        empty_classes=tuple(name for name in sorted(by_class) if not by_class[name]),
        limit=limit,
    )


def _by_class(folder: Path) -> Mapping[str, Sequence[Path]]:
    if not folder.is_dir():
        labelled_files([folder])  # says what is wrong
    with writing_into(folder):
        named = {
            name: [picture for path in paths for picture in pictures_in(path)]
            for name, paths in class_folders(folder).items()
        }
        direct = pictures_in(folder)
    if any(named.values()):
        return named
    if direct:
        return classes_in_names(direct) or {class_name(folder.name): direct}
    labelled_files([folder])  # says what is wrong, also with folders in folders
    raise DataError(f"Expected photos in {folder}. Received: none. Name a folder with photos.")


def _photo_file(folder: Path, path: Path, label: str) -> PhotoFile:
    time_ns, size_bytes = file_stamp(path) or GONE
    relative = path.relative_to(folder).as_posix()
    return PhotoFile(path=relative, label=label, time_ns=time_ns, size_bytes=size_bytes)
