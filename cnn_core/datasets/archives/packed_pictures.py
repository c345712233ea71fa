"""The pictures of an archive, and the level of its folders at which their classes stand."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from cnn_core.datasets.layout import classes_in_names, split_named, without_doubled_levels
from cnn_core.datasets.splits import NAMED_AT_MOST
from cnn_core.errors import DataError


class PackedPicture(NamedTuple):
    """A picture of an archive and the path it gets: ``CLASS/NAME`` or ``SPLIT/CLASS/NAME``."""

    entry: zipfile.ZipInfo
    path: PurePosixPath


def in_class_folders(pictures: Sequence[PackedPicture]) -> list[PackedPicture]:
    """The pictures of class folders with paths from their level on, each path once.

    Raises:
        DataError: fewer than two classes.
    """
    pictures = [PackedPicture(p.entry, without_doubled_levels(p.path)) for p in pictures]
    level = _level([picture.path for picture in pictures])
    below = [
        PackedPicture(p.entry, p.path.relative_to(level)) for p in pictures if p.path.is_relative_to(level)
    ]
    in_splits = [p for p in below if len(p.path.parts) == 3 and split_named(p.path.parts[0])]
    chosen = in_splits or [p for p in below if len(p.path.parts) == 2] or _in_classes_of_names(below)
    once = {picture.path: picture for picture in reversed(chosen)}
    kept = [picture for picture in chosen if once[picture.path] is picture]
    classes = {picture.path.parent.name for picture in kept}
    if len(classes) < 2:
        raise DataError(
            f"Expected at least two class folders with pictures in the archive. Received: "
            f"{_too_few(pictures, kept)}. "
            "Pack a folder per class, e.g. cats/ and dogs/, with the pictures directly inside."
        )
    return kept


def _in_classes_of_names(pictures: Sequence[PackedPicture]) -> list[PackedPicture]:
    """Pictures that lie in no folder, each in one of the class that its name tells."""
    by_path = {picture.path: picture.entry for picture in pictures}
    return [
        PackedPicture(by_path[path], name / path)
        for name, paths in classes_in_names(list(by_path)).items()
        for path in paths
    ]


def _too_few(pictures: Sequence[PackedPicture], kept: Sequence[PackedPicture]) -> str:
    """What an archive holds instead of class folders: one of them, none, or folders at different depths."""
    found = {picture.path.parent for picture in (kept if len(kept) == len(pictures) else pictures)}
    folders = sorted(folder for folder in found if folder.parts)
    names = {folder.name for folder in folders}
    if not folders:
        return "pictures in no folder"
    if len(found) == 1 or (len(names) == 1 and kept):
        return f"one, {names.pop()}"
    shown = ", ".join(map(str, folders[:NAMED_AT_MOST]))
    more = f" and {len(folders) - NAMED_AT_MOST} more" if len(folders) > NAMED_AT_MOST else ""
    return f"pictures in {shown}{more}, which do not lie side by side"


def _level(paths: Sequence[PurePosixPath]) -> PurePosixPath:
    """The folder in which pictures divide into more than one folder."""
    level = PurePosixPath()
    while True:
        inside = [path.relative_to(level).parts for path in paths if path.is_relative_to(level)]
        folders = {parts[0] for parts in inside if len(parts) > 1}
        if len(folders) != 1:
            return level
        level /= folders.pop()
