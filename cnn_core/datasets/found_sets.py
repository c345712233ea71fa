"""Which folders can be trained on, judged by a quick look: no picture is listed that need not be."""

from __future__ import annotations

import os
from pathlib import Path

from cnn_core.datasets.folders import folders_in, inner_folder, is_picture, is_utf8, pictures_in
from cnn_core.datasets.layout import classes_in_names, split_named
from cnn_core.errors import DataError


def is_data_set(folder: Path) -> bool:
    """Whether ``folder`` holds class folders with pictures, or a ``train`` folder that does.

    ``read_splits`` may still refuse it, for a validation folder with other classes for example.
    """
    try:
        folder = inner_folder(folder.expanduser())
        inside = folders_in(folder)
        training = next((path for path in inside if _is_split(path, "train")), None)
        if training is not None:
            folder = inner_folder(training)
        classes = folders_in(folder)
        if not classes:
            return bool(classes_in_names(pictures_in(folder)))
    except (DataError, OSError, RuntimeError):  # the latter where nobody has a home folder
        return False
    return len(classes) >= 2 and all(is_utf8(path.name) and _has_picture(path) for path in classes)


def data_sets_in(folder: Path) -> list[Path]:
    """The data sets directly inside a folder that is none itself, by name; splits of one are none.

    A class folder whose pictures lie two folders deep looks like a data set, too.
    """
    if is_data_set(folder):
        return []
    try:
        inside = folders_in(folder.expanduser())
        broken = any(_is_split(path) for path in inside)  # one data set, not a folder of some
    except (DataError, RuntimeError):
        return []
    if broken:
        return []
    return [path for path in inside if is_utf8(path.name) and is_data_set(path)]


def _is_split(folder: Path, split: str | None = None) -> bool:
    named = split_named(folder.name)
    if named is None or named != (split or named):
        return False
    return bool(folders_in(folder) or classes_in_names(pictures_in(folder)))


def _has_picture(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(
                is_picture(entry.name) and entry.name[0] != "." and is_utf8(entry.name) and entry.is_file()
                for entry in entries
            )
    except OSError:
        return False
