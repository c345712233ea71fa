"""Folders say what is training and what is validation; where they do not, a seed divides each class."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from photo_folders import named_files

from cnn_core.datasets import folders as folders_module
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits
from cnn_core.errors import DataError


def split(*folders: Path, **options: Any) -> Splits:
    return read_splits(DataSource(folders=tuple(map(str, folders)), **options))


def names(files: LabelledFiles | None) -> list[str]:
    assert files is not None
    return [path.name for path in files.paths]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "validation", "test"), ("training", "valid", "Test"), ("Train", "val", "testing")],
)
def test_split_folders_are_taken_as_they_are(tmp_path: Path, train: str, validation: str, test: str) -> None:
    for name, count in ((train, 5), (validation, 3), (test, 2)):
        named_files(tmp_path / name, count)
    found = split(tmp_path)
    assert found.drawn == ()
    assert [(name, files.counts()) for name, files in found.items()] == [
        ("training", {"cats": 5, "dogs": 5}),
        ("validation", {"cats": 3, "dogs": 3}),
        ("test", {"cats": 2, "dogs": 2}),
    ]
    assert all(path.parent.parent.name == validation for path in found.validation.paths)


@pytest.mark.parametrize(
    ("validation", "test", "counts"),
    [(0.2, 0.1, (14, 4, 2)), (3, 1, (16, 3, 1)), (0.01, 0.01, (18, 1, 1))],
    ids=["shares", "numbers", "at least one"],
)
def test_without_split_folders_each_class_is_divided(
    tmp_path: Path, validation: float, test: float, counts: tuple[int, ...]
) -> None:
    named_files(tmp_path, 20, ("cats",))
    named_files(tmp_path, 10, ("dogs",))
    found = split(tmp_path, validation=validation, test=test)
    assert found.drawn == ("validation", "test")
    assert tuple(files.counts()["cats"] for _, files in found.items()) == counts


def test_every_picture_is_in_exactly_one_split_with_its_own_label(tmp_path: Path) -> None:
    found = split(named_files(tmp_path, 30), validation=0.3, test=0.2)
    everything = [name for _, files in found.items() for name in names(files)]
    assert len(everything) == 60
    assert len(set(everything)) == 60
    for _, files in found.items():
        labels = [files.classes.index(path.parent.name) for path in files.paths]
        assert tuple(labels) == files.labels


def test_the_seed_decides_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = named_files(tmp_path / "here", 40)
    there = tmp_path / "there"
    shutil.copytree(here, there)
    first = split(here, validation=0.25)
    listed = os.listdir
    monkeypatch.setattr(folders_module.os, "listdir", lambda folder: listed(folder)[::-1])
    assert names(split(there, validation=0.25).validation) == names(first.validation)
    assert names(split(there, validation=0.25).training) == names(first.training)
    assert names(split(here, validation=0.25, seed=1).validation) != names(first.validation)


def test_classes_are_drawn_independently(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for index in range(100):
            (tmp_path / name / f"{index}.jpg").touch()
    found = split(tmp_path, validation=50).validation
    assert names(found)[:50] != names(found)[50:]


def test_one_photo_more_moves_at_most_one_other(tmp_path: Path) -> None:
    before = set(names(split(named_files(tmp_path, 50), validation=10).validation))
    (tmp_path / "cats" / "new.jpg").touch()
    after = set(names(split(tmp_path, validation=10).validation))
    assert len(before - after) <= 1


@pytest.mark.parametrize(
    ("given", "drawn", "counts"),
    [("validation", "test", (8, 5, 2)), ("test", "validation", (6, 4, 5))],
)
def test_a_missing_folder_is_drawn_from_training_only(
    tmp_path: Path, given: str, drawn: str, counts: tuple[int, ...]
) -> None:
    named_files(tmp_path / "train", 10)
    named_files(tmp_path / given, 5)
    found = split(tmp_path, validation=0.4, test=0.2)
    assert found.drawn == (drawn,)
    assert tuple(files.counts()["dogs"] for _, files in found.items()) == counts
    drawn_files = found.validation if drawn == "validation" else found.test
    assert drawn_files is not None
    assert all(path.parent.parent.name == "train" for path in drawn_files.paths)


def test_further_folders_join_training_only(tmp_path: Path) -> None:
    named_files(tmp_path / "first" / "train", 4)
    named_files(tmp_path / "first" / "validation", 2)
    named_files(tmp_path / "plain", 3)
    named_files(tmp_path / "divided" / "train", 5)
    named_files(tmp_path / "divided" / "validation", 50)
    found = split(tmp_path / "first", tmp_path / "plain", tmp_path / "divided")
    assert found.training.counts() == {"cats": 12, "dogs": 12}
    assert found.validation.counts() == {"cats": 2, "dogs": 2}


def test_same_names_in_joined_folders_stay_two_pictures(tmp_path: Path) -> None:
    found = split(named_files(tmp_path / "a", 5), named_files(tmp_path / "b", 5), validation=2)
    paths = [path for _, files in found.items() for path in files.paths]
    assert len(set(paths)) == 20


def test_a_class_named_train_is_a_class(tmp_path: Path) -> None:
    named_files(tmp_path, 5, ("bus", "train"))
    assert split(tmp_path).classes == ("bus", "train")


@pytest.mark.parametrize(
    ("folders", "refused"),
    [
        ({"validation": ("cats", "dogs")}, r"Expected a folder named train .* beside validation"),
        (
            {"train": ("cats", "dogs"), "training": ("cats", "dogs")},
            "Received: train and training",
        ),
        (
            {"train": ("birds", "cats", "dogs"), "validation": ("cats", "dogs")},
            r"'birds', 'cats', 'dogs'\], in the validation folder .*missing",
        ),
        ({".": ("cats", "dogs")}, "Expected pictures to validate on"),
    ],
    ids=["no training", "two folders for one split", "a class that validation lacks", "no validation at all"],
)
def test_folders_that_give_no_splits_are_refused(
    tmp_path: Path, folders: dict[str, tuple[str, ...]], refused: str
) -> None:
    for name, classes in folders.items():
        named_files(tmp_path / name, 3, classes)
    with pytest.raises(DataError, match=refused):
        split(tmp_path, validation=0)


@pytest.mark.parametrize("validation", [1, 2, 0.4])
def test_a_class_too_small_to_divide_is_named(tmp_path: Path, validation: float) -> None:
    named_files(tmp_path, 10, ("cats",))
    named_files(tmp_path, 1, ("dogs",))
    with pytest.raises(DataError, match=r"Expected more pictures of dogs .*Received: 1\. Add pictures"):
        split(tmp_path, validation=validation)


def test_a_loop_of_links_does_not_hang(tmp_path: Path) -> None:
    named_files(tmp_path)
    (tmp_path / "cats" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "cats" / "self.jpg").symlink_to(tmp_path / "cats" / "self.jpg")
    found = split(tmp_path)
    assert len(names(found.training)) + len(names(found.validation)) == 20


def test_linked_class_folders_are_read(tmp_path: Path) -> None:
    elsewhere = named_files(tmp_path / "elsewhere")
    (tmp_path / "data").mkdir()
    for name in ("cats", "dogs"):
        (tmp_path / "data" / name).symlink_to(elsewhere / name, target_is_directory=True)
    assert split(tmp_path / "data", validation=2).training.counts() == {"cats": 8, "dogs": 8}


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    named_files(tmp_path / "cats" / "kittens", 1, ("small",))
    named_files(tmp_path)
    for name in ("Thumbs.db", ".DS_Store", "photo.SVG", "readme.txt", "a.mov"):
        (tmp_path / "cats" / name).touch()
    (tmp_path / "__MACOSX").mkdir()
    (note,) = split(tmp_path).notes
    assert "cats/a.mov, cats/kittens, cats/photo.SVG and 1 more" in note
    assert "directly in a class folder" in note


def test_pictures_whose_names_are_not_utf8_are_told_in_words_that_can_be_shown(tmp_path: Path) -> None:
    named_files(tmp_path)
    (tmp_path / "cats" / "p\udcff1.jpg").touch()
    (tmp_path / "cats" / "folder \udcff").mkdir()
    folders, pictures = split(tmp_path).notes
    assert r"cats/folder \xff." in folders
    assert r"names are not UTF-8: cats/p\xff1.jpg. Rename them" in pictures


def test_a_tidy_folder_needs_no_note(tmp_path: Path) -> None:
    named_files(tmp_path)
    (tmp_path / "cats" / "Thumbs.db").touch()
    assert split(tmp_path).notes == ()


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named_files(tmp_path)
    listed = os.listdir

    def forbidden(folder: Path) -> list[str]:
        if Path(folder).name == "dogs":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(folders_module.os, "listdir", forbidden)
    with pytest.raises(DataError, match=r"Received: .*dogs \(Permission denied\)"):
        split(tmp_path)


@pytest.mark.needs_data
def test_the_photos_of_the_lecture_are_counted_as_documented(data_folder: Path) -> None:
    found = split(data_folder / "cats_and_dogs_filtered")
    assert found.training.counts() == {"cats": 1000, "dogs": 1000}
    assert found.validation.counts() == {"cats": 500, "dogs": 500}
    assert found.test is None
    assert found.drawn == ()
    assert found.notes == ()
