"""The folders of a data set that hold its splits: training, validation and test pictures."""

from __future__ import annotations

from pathlib import Path

from cnn_core.datasets.folders import class_folders, folders_in, inner_folder, pictures_in
from cnn_core.datasets.layout import classes_in_names, split_named
from cnn_core.errors import DataError

WHOLE = "all"  # the pictures of a data set, whichever split they lie in
LEAST_SEEN_FIRST = ("validation", "test", "train")


def split_folders(folder: Path) -> dict[str, Path]:
    """Folders named like splits, by split, or none of them where ``folder`` holds classes.

    A folder ``train`` without folders in it is a class, of railway pictures perhaps.

    Raises:
        DataError: two folders of one split, or a folder that cannot be read.
    """
    if not folder.is_dir():
        return {}  # labelled_files says what is wrong with it
    found: dict[str, Path] = {}
    for path in folders_in(folder):
        name = split_named(path.name)
        if name is None or not (folders_in(path) or is_labelled(path)):
            continue
        if name in found:
            raise DataError(
                f"Expected one {name} folder in {folder}. Received: {found[name].name} and {path.name}. "
                "Rename or remove one of them."
            )
        found[name] = inner_folder(path)
    return found


def is_labelled(folder: Path) -> bool:
    """Whether classes can be told apart in a folder."""
    return len(class_folders(folder)) >= 2 or bool(classes_in_names(pictures_in(folder)))


def labelled_splits(folder: Path) -> dict[str, tuple[Path, ...]]:
    """What a network can be evaluated on in a data set: the folders for ``labelled_files``, by split.

    Returns:
        ``validation``, ``test`` and ``train``, those whose pictures have classes, and ``all`` where there
        are several; ``all`` alone in a folder without splits.

    Raises:
        DataError: see ``split_folders``.
    """
    folder = inner_folder(folder.expanduser())
    given = {name: path for name, path in split_folders(folder).items() if is_labelled(path)}
    found: dict[str, tuple[Path, ...]] = {n: (given[n],) for n in LEAST_SEEN_FIRST if n in given}
    return found if len(found) == 1 else {**found, WHOLE: tuple(given.values()) or (folder,)}
