"""Folders that can be trained on are found; others are told as what they are, and nothing that does harm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from photo_folders import made

from cnn_core.datasets.folders import labelled_files
from cnn_core.datasets.found_sets import data_sets_in, is_data_set
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import DataError


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A folder of two data sets, and of something else."""
    return made(
        tmp_path / "data",
        "large/train/cats/1.jpg",
        "large/train/dogs/1.jpg",
        "plain/cats/1.jpg",
        "plain/dogs/1.jpg",
        "mnist/mnist.npz",
        "README.md",
    )


def test_the_data_sets_in_a_folder_are_found(several: Path) -> None:
    assert data_sets_in(several) == [several / "large", several / "plain"]
    assert data_sets_in(several / "gone") == []
    assert not any(map(is_data_set, (several, several / "gone")))


def test_a_data_set_holds_no_others_even_where_its_splits_look_like_some(tmp_path: Path) -> None:
    folder = made(
        tmp_path, *(f"{split}/{name}/1.jpg" for split in ("train", "validation") for name in ("a", "b"))
    )
    assert is_data_set(folder)
    assert data_sets_in(folder) == []


@pytest.mark.parametrize("training", ["train/a/", "train/a/1.jpg"])
def test_the_splits_of_a_broken_data_set_are_not_offered_as_data_sets(tmp_path: Path, training: str) -> None:
    folder = made(tmp_path, training, "train/b/", "validation/a/1.jpg", "validation/b/1.jpg")
    assert not is_data_set(folder)
    assert data_sets_in(folder) == []


@pytest.mark.parametrize(
    "names",
    [
        ("cats/1.jpg",),
        ("cats/1.jpg", "dogs/"),
        ("cats/1.jpg", "dogs/notes.txt"),
        ("cats/1.jpg", "dogs/.hidden.jpg"),
        ("train/cats/1.jpg", "validation/cats/1.jpg"),
    ],
)
def test_what_cannot_be_trained_on_is_no_data_set(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = made(tmp_path, *names)
    assert not is_data_set(folder)
    with pytest.raises(DataError):
        read_splits(DataSource(folders=(str(folder),)))


def test_a_folder_of_data_sets_is_told_as_such_and_nothing_is_to_be_removed(several: Path) -> None:
    with pytest.raises(DataError, match=r"further folders in large, plain\. .* name one of them") as refused:
        labelled_files([several])
    assert "remove" not in str(refused.value)


def test_a_class_without_pictures_in_either_of_two_joined_folders_is_named(tmp_path: Path) -> None:
    made(tmp_path / "one", "cats/1.jpg", "dogs/")
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    with pytest.raises(DataError, match=r"none of dogs\. Put pictures there, or name"):
        labelled_files([tmp_path / "one", tmp_path / "other"])


@pytest.mark.parametrize(
    ("names", "received"),
    [
        (("cats/1.jpg",), "one, cats"),
        (("1.jpg",), "pictures, but no folder"),
        (("notes.txt",), "no folder"),
    ],
)
def test_a_folder_with_too_few_classes_says_what_was_found(
    tmp_path: Path, names: tuple[str, ...], received: str
) -> None:
    with pytest.raises(DataError) as refused:
        labelled_files([made(tmp_path, *names)])
    assert f"Received: {received}. Give each class" in str(refused.value)
