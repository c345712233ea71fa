"""Sets of pictures as they are usually published are taken as they were meant."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from photo_folders import made

from cnn_core.datasets.found_sets import is_data_set
from cnn_core.datasets.layout import classes_in_names, split_named, without_doubled_levels
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits
from cnn_core.errors import DataError

KAGGLE = [f"{name}.{number}.jpg" for name in ("cat", "dog") for number in range(4)]


def in_classes(*folders: str, classes: tuple[str, ...] = ("cats", "dogs"), count: int = 4) -> list[str]:
    return [f"{folder}{name}/{i}.jpg" for folder in folders for name in classes for i in range(count)]


def split(folder: Path, **options: Any) -> Splits:
    return read_splits(DataSource(folders=(str(folder),), **options))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Train", "train"),
        ("training_set", "train"),
        ("val", "validation"),
        ("test-set", "test"),
        ("tests", None),
    ],
)
def test_folders_of_splits_have_many_names(name: str, meant: str | None) -> None:
    assert split_named(name) == meant


@pytest.mark.parametrize(
    "files",
    [
        in_classes("training_set/", "test_set/"),
        in_classes("training_set/training_set/", "test_set/test_set/"),
        in_classes("pets/training_set/", "pets/test_set/"),
    ],
    ids=["one level", "doubled splits", "doubled root"],
)
def test_training_set_and_test_set_are_splits_also_with_a_doubled_level(
    tmp_path: Path, files: list[str]
) -> None:
    folder = made(tmp_path / "pets", *files)
    assert is_data_set(folder)
    found = split(folder)
    assert found.classes == ("cats", "dogs")
    assert found.test is not None
    assert found.test.counts() == {"cats": 4, "dogs": 4}


def test_a_test_folder_without_classes_is_told_and_left_out(tmp_path: Path) -> None:
    folder = made(tmp_path, *in_classes("train/", "validation/"), "test/unknown/1.jpg")
    found = split(folder)
    assert found.test is None
    assert str(folder / "test") in found.notes[0]


def test_a_test_folder_with_other_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="owls"):
        split(made(tmp_path, *in_classes("train/"), *in_classes("test/", classes=("cats", "owls"))))


@pytest.mark.parametrize("folder", ["", "train/"])
def test_the_class_can_be_in_the_name_of_the_file(tmp_path: Path, folder: str) -> None:
    data = made(tmp_path, *(folder + name for name in KAGGLE))
    assert is_data_set(data)
    found = split(data)
    assert found.classes == ("cat", "dog")
    assert len(found.training.paths) + len(found.validation.paths) == len(KAGGLE)
    assert "names of its files" in found.notes[0]


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_1.jpg", "IMG_2.jpg", "DSC_1.jpg", "DSC_2.jpg"],
        ["cat.1.jpg", "cat.2.jpg"],
        ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg", "holiday.jpg"],
        ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg"],
        [],
    ],
    ids=["a camera's", "one class", "one without a number", "one alone", "none"],
)
def test_names_that_tell_no_classes_are_not_taken_for_some(names: list[str]) -> None:
    assert classes_in_names([Path(name) for name in names]) == {}


def test_accents_may_be_written_in_two_ways(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Kätzchen") for form in ("NFC", "NFD"))
    folder = made(
        tmp_path,
        *in_classes("train/", classes=(composed, "Hunde")),
        *in_classes("validation/", classes=(decomposed, "Hunde")),
    )
    assert split(folder).classes == ("Hunde", composed)


def test_a_list_of_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"labels\.csv"):
        split(made(tmp_path, "images/1.jpg", "images/2.jpg", "labels.csv"))


def test_a_doubled_level_is_one() -> None:
    doubled = PurePosixPath("test_set/test_set/cats/cats.jpg")
    assert without_doubled_levels(doubled) == PurePosixPath("test_set/cats/cats.jpg")
