"""A folder per class: the layout of cats_and_dogs_filtered and of most photo collections."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnn_core.datasets.layout import class_name, classes_in_names, grouped
from cnn_core.errors import DataError
from cnn_core.images.formats import SUFFIXES

PICTURE_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
# What operating systems and archivers leave lying about; no class of anybody's.
LITTER_FOLDERS = frozenset({"__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})
MISSING_BYTES = -1
LISTS = (".csv", ".tsv", ".json", ".xml")  # of labels, as other programs take them


def is_utf8(name: str) -> bool:
    """Whether a file name can be shown, sent and stored; those of old archives may be in another encoding."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name."""
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def shown_name(name: str) -> str:
    r"""A file name with bytes that are no UTF-8 as ``\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


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
        """sha256 over class, name and size of every file: changes when the set changes.

        A file that has gone meanwhile counts as a change, and is no error here.
        """
        digest = hashlib.sha256()
        for path, label in zip(self.paths, self.labels, strict=True):
            line = f"{self.classes[label]}/{path.name} {_size_bytes(path)}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))  # names that are no UTF-8 do occur
        return digest.hexdigest()

    def chosen(self, indices: Sequence[int]) -> LabelledFiles:
        """Only the files at ``indices``, in that order; classes and labels stay as they are."""
        return LabelledFiles(
            self.classes,
            tuple(self.paths[index] for index in indices),
            tuple(self.labels[index] for index in indices),
        )


def labelled_files(folders: Iterable[Path]) -> LabelledFiles:
    """Join one or more folders that hold one sub-folder per class, or pictures called ``cat.0.jpg``.

    Args:
        folders: each with the same sub-folder names, e.g. ``cats`` and ``dogs``.

    Raises:
        DataError: a folder is missing or has no class folders, a class has no pictures, or classes
            differ between folders, or a class folder has a name that is not UTF-8. Pictures with such
            names are passed over.
    """
    folders = tuple(Path(folder).expanduser() for folder in folders)
    joined: dict[str, list[Path]] | None = None
    for folder in folders:
        found = _by_class(folder)
        if joined is not None and found.keys() != joined.keys():
            raise DataError(
                f"Expected the same classes in every folder, {list(joined)}. "
                f"Received: {list(found)} in {folder}. Rename the class folders so that they agree."
            )
        joined = found if joined is None else {name: joined[name] + found[name] for name in joined}
    if joined is None:
        raise DataError(
            "Expected at least one data folder. Received: none. Name one in the field of the page, or with "
            "--data on the command line."
        )
    empty = [name for name, paths in joined.items() if not paths]
    if empty:
        raise DataError(_without_pictures(folders, empty))
    labels = [label for label, paths in enumerate(joined.values()) for _ in paths]
    return LabelledFiles(
        tuple(joined), tuple(path for paths in joined.values() for path in paths), tuple(labels)
    )


def class_folders(folder: Path) -> dict[str, list[Path]]:
    """The folders of each class directly inside ``folder``, classes in alphabetical order.

    More than one only where two systems have written the accents of a name in two ways.

    Raises:
        DataError: the folder cannot be read.
    """
    inside = folders_in(folder)
    found = grouped(inside, [class_name(path.name) for path in inside])
    return {name: found[name] for name in sorted(found)}


def inner_folder(folder: Path) -> Path:
    """The folder itself, or the one in it that has the same name, where nothing else lies beside that."""
    while os.path.isdir(folder):
        inside = folders_in(folder)
        if [path.name for path in inside] != [folder.name] or _pictures(folder, _names_in(folder)):
            break
        folder = inside[0]
    return folder


def _by_class(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each class, by its folder or else by their names."""
    if not os.path.isdir(folder):
        raise DataError(
            f"Expected a folder with one sub-folder per class. Received: {folder}, which is no folder."
            " Check the spelling, or name another folder."
        )
    named = class_folders(folder)
    for paths in named.values():
        if not is_utf8(paths[0].name):
            raise DataError(not_utf8(paths[0]))
    if len(named) >= 2:
        return {
            name: [picture for path in paths for picture in _pictures(path, _names_in(path))]
            for name, paths in named.items()
        }
    in_names = {} if named else classes_in_names(_pictures(folder, _names_in(folder)))
    if not in_names:
        raise DataError(
            f"Expected at least two class folders in {folder}. Received: {_too_few(folder, list(named))}. "
            "Give each class a folder of its own, e.g. cats/ and dogs/."
        )
    return in_names


def _without_pictures(folders: Sequence[Path], empty: Sequence[str]) -> str:
    """What is wrong with class folders in which no picture lies; never that they may be removed."""
    inside = [path for folder in folders for name in empty for path in class_folders(folder).get(name, ())]
    unnamed = [path for each in inside for path in not_utf8_in(each)]
    if unnamed:
        return not_utf8(unnamed[0])
    where = ", ".join(map(str, folders))
    nested = sorted({class_name(path.name) for path in inside if folders_in(path)})
    if nested:
        return (
            f"Expected pictures directly in every class folder of {where}. Received: further folders in "
            f"{', '.join(nested)}. Where these are data sets, name one of them instead; where they are "
            "classes, put the pictures directly into them."
        )
    return (
        f"Expected pictures of every class in {where}. Received: none of {', '.join(empty)}. "
        "Put pictures there, or name a folder that holds class folders only."
    )


def pictures_in(folder: Path) -> list[Path]:
    """Picture files directly inside ``folder`` that are not hidden, sorted by name.

    Raises:
        OSError: the folder cannot be read.
    """
    return _pictures(folder, _visible(os.listdir(folder)))


def folders_in(folder: Path) -> list[Path]:
    """Folders directly inside ``folder``, linked ones too, without hidden ones and litter, by name.

    Raises:
        DataError: the folder cannot be read.
    """
    return [
        folder / name
        for name in _names_in(folder)
        if name not in LITTER_FOLDERS and os.path.isdir(folder / name)
    ]


def not_read_in(folder: Path) -> list[Path]:
    """What lies in a class folder and is passed over: folders, and files that are no pictures by name.

    Pictures that ``not_utf8_in`` gives are left to it.
    Hidden files and what systems leave there (``Thumbs.db``, ``desktop.ini``) are not worth telling.

    Raises:
        DataError: the folder cannot be read.
    """
    names = _names_in(folder)
    pictures = {*_pictures(folder, names), *not_utf8_in(folder)}
    return [
        folder / name
        for name in names
        if folder / name not in pictures
        and name not in LITTER_FOLDERS
        and name.lower() not in ("thumbs.db", "desktop.ini")
    ]


def not_utf8_in(folder: Path) -> list[Path]:
    """Pictures directly inside ``folder`` that are passed over because their names are not UTF-8.

    Raises:
        DataError: the folder cannot be read.
    """
    return [folder / name for name in _names_in(folder) if not is_utf8(name) and is_picture(name)]


def not_utf8(path: Path) -> str:
    """What is wrong with such a name, and what to do."""
    return (
        f"Expected names of files and folders in UTF-8. Received: {shown_name(str(path))}. Rename it, with "
        "convmv -f latin1 -t utf8 for example."
    )


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))


def _pictures(folder: Path, names: Iterable[str]) -> list[Path]:
    return [
        folder / name
        for name in names
        if is_picture(name) and is_utf8(name) and os.path.isfile(folder / name)
    ]


def _names_in(folder: Path) -> list[str]:
    """Names of what lies in a folder and is not hidden, sorted."""
    try:
        return _visible(os.listdir(folder))
    except OSError as error:
        raise DataError(
            f"Expected a folder that can be read. Received: {folder} ({error.strerror}). "
            "Check that it exists and that you may read it, or name another folder."
        ) from None


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return MISSING_BYTES


def _too_few(folder: Path, names: Sequence[str]) -> str:
    lists = [name for name in _names_in(folder) if name.lower().endswith(LISTS)]
    beside = f", and the list {lists[0]}, which is not read" if lists else ""
    if names:
        return f"one, {names[0]}{beside}"
    return ("pictures, but no folder" if _pictures(folder, _names_in(folder)) else "no folder") + beside
