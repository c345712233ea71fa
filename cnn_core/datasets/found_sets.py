"""Which folders can be trained on, judged by a quick look: no picture is listed that need not be."""

from __future__ import annotations

import os
from pathlib import Path

from cnn_core.datasets.folders import folders_in, is_picture, is_utf8
from cnn_core.datasets.splits import SPLIT_NAMES
from cnn_core.errors import DataError


def is_data_set(folder: Path) -> bool:
    """Whether ``folder`` holds class folders with pictures, or a ``train`` folder that does.

    ``read_splits`` may still refuse it, for a validation folder with other classes for example.
    """
    try:
        inside = folders_in(folder.expanduser())
        training = next((path for path in inside if _is_split(path, "train")), None)
        classes = inside if training is None else folders_in(training)
    except (DataError, RuntimeError):  # the latter where nobody has a home folder
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
        broken = any(_is_split(path, *SPLIT_NAMES) for path in inside)  # one data set, not a folder of some
    except (DataError, RuntimeError):
        return []
    if broken:
        return []
    return [path for path in inside if is_utf8(path.name) and is_data_set(path)]


def _is_split(folder: Path, *splits: str) -> bool:
    named = any(folder.name.lower() in SPLIT_NAMES[split] for split in splits)
    return named and bool(folders_in(folder))


def _has_picture(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(
                is_picture(entry.name) and entry.name[0] != "." and is_utf8(entry.name) and entry.is_file()
                for entry in entries
            )
    except OSError:
        return False
