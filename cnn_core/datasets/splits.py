"""Training, validation and test pictures: as the folders say, or divided by a seed."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnn_core.datasets.folders import (
    LabelledFiles,
    class_folders,
    inner_folder,
    labelled_files,
    not_read_in,
    not_utf8_in,
    shown_name,
)
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.split_folders import is_labelled, split_folders
from cnn_core.errors import DataError

NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The pictures of a run, with the same classes in every split.

    Attributes:
        training: what is learned from.
        validation: what each epoch is judged by.
        test: what the finished model is judged by, or None.
        drawn: ``validation``, ``test`` or both, where no folder says which pictures these are, so that they
            were drawn from training by the seed.
        notes: sentences on what lies in the class folders and is not read.
    """

    training: LabelledFiles
    validation: LabelledFiles
    test: LabelledFiles | None
    drawn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def items(self) -> tuple[tuple[str, LabelledFiles], ...]:
        """Name and files of each split there is, training first."""
        pairs = (("training", self.training), ("validation", self.validation), ("test", self.test))
        return tuple((name, files) for name, files in pairs if files is not None)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in alphabetical order; the index of a name is its label."""
        return self.training.classes


def read_splits(source: DataSource) -> Splits:
    """List the pictures of a run and divide them.

    Where a validation folder is missing, ``source.validation`` of each class is set aside; the same holds
    for test. Which pictures these are follows from the seed, the class and the file name alone, not from
    the order on disk nor from where the folder lies, so a photo added later moves almost no other.

    Raises:
        DataError: folders that are missing, cannot be read or hold no classes; classes that differ
            between splits; too few pictures to divide.
    """
    folders = tuple(inner_folder(Path(folder).expanduser()) for folder in source.folders)
    given = _checked_split_folders(folders[0])
    unlabelled = given.pop("test") if "test" in given and not is_labelled(given["test"]) else None
    training_folders = [given.get("train", folders[0]), *map(_training_folder, folders[1:])]
    pool = labelled_files(training_folders)
    found = {name: labelled_files([folder]) for name, folder in given.items() if name != "train"}
    for name, files in found.items():
        _check_same_classes(pool, name, files, given[name])
    if "validation" not in found and source.validation == 0:
        raise DataError(
            f"Expected pictures to validate on. Received: {folders[0]} without a validation folder, and "
            "validation=0. Set aside a share, e.g. 0.2, or add a folder named validation."
        )
    wanted = {"validation": source.validation, "test": source.test}
    missing = {name: size for name, size in wanted.items() if name not in found and size > 0}
    parts = found | _set_aside(pool, missing, source.seed)
    return Splits(
        training=parts["training"],
        validation=parts["validation"],
        test=parts.get("test"),
        drawn=tuple(missing),
        notes=_notes([*training_folders, *(given[name] for name in found)], unlabelled),
    )


def _checked_split_folders(folder: Path) -> dict[str, Path]:
    """As ``split_folders``, with training among them."""
    found = split_folders(folder)
    if found and "train" not in found:
        raise DataError(
            f"Expected a folder named train in {folder}, beside {', '.join(p.name for p in found.values())}. "
            "Received: none. Rename the folder with the training pictures, or name a folder that holds "
            "class folders only."
        )
    return found


def _training_folder(folder: Path) -> Path:
    return _checked_split_folders(folder).get("train", folder)


def _check_same_classes(pool: LabelledFiles, name: str, files: LabelledFiles, folder: Path) -> None:
    if files.classes != pool.classes:
        raise DataError(
            f"Expected the classes of training, {list(pool.classes)}, in the {name} folder {folder}. "
            f"Received: {list(files.classes)}. Add the missing class folders with pictures, or remove the "
            "others."
        )


def _set_aside(pool: LabelledFiles, parts: dict[str, float], seed: int) -> dict[str, LabelledFiles]:
    """Take the named parts out of each class; what is left is ``training``."""
    chosen: dict[str, list[int]] = {"training": [], **{name: [] for name in parts}}
    by_class: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(pool.labels):
        by_class[label].append(index)
    for label, indices in by_class.items():
        drawn = iter(sorted(indices, key=lambda index: _rank(pool, index, seed)))
        for name, count in _counts(pool.classes[label], len(indices), parts).items():
            chosen[name] += itertools.islice(drawn, count)
        chosen["training"] += drawn
    return {name: pool.chosen(sorted(indices)) for name, indices in chosen.items()}


def _counts(class_name: str, available: int, parts: dict[str, float]) -> dict[str, int]:
    """Pictures of one class per part: a share is rounded, but at least one is taken."""
    counts = {n: int(size) if size >= 1 else max(1, round(size * available)) for n, size in parts.items()}
    if sum(counts.values()) >= available:
        wanted = " and ".join(f"{count} for {name}" for name, count in counts.items())
        raise DataError(
            f"Expected more pictures of {class_name} than are set aside, {wanted}. "
            f"Received: {available}. Add pictures of {class_name}, or set fewer aside."
        )
    return counts


def _rank(pool: LabelledFiles, index: int, seed: int) -> bytes:
    text = f"{seed}/{pool.classes[pool.labels[index]]}/{pool.paths[index].name}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _notes(folders: list[Path], unlabelled: Path | None) -> tuple[str, ...]:
    """One sentence per folder in which something is passed over, or the classes are in the names."""
    notes = []
    if unlabelled is not None:
        notes.append(f"Not used: {unlabelled}, whose pictures have no classes, so that none can be checked.")
    for folder in folders:
        by_class = [path for paths in class_folders(folder).values() for path in paths]
        if not by_class:
            notes.append(f"The classes of {folder} are those in the names of its files.")
        left = [path for each in by_class for path in not_read_in(each)]
        unnamed = [path for each in by_class for path in not_utf8_in(each)]
        if left:
            notes.append(
                f"Not read in {folder}: {_named(left)}. Only picture files that lie directly in a class "
                "folder are used."
            )
        if unnamed:
            notes.append(
                f"Left out in {folder}, since their names are not UTF-8: {_named(unnamed)}. Rename them to "
                "train on them."
            )
    return tuple(notes)


def _named(paths: Sequence[Path]) -> str:
    """Class and name of the first few; the rest as a number."""
    names = ", ".join(shown_name(f"{path.parent.name}/{path.name}") for path in paths[:NAMED_AT_MOST])
    more = len(paths) - NAMED_AT_MOST
    return f"{names} and {more} more" if more > 0 else names
