"""What a network can be evaluated on in a folder: its splits by name, or all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from photo_folders import made, named_files

from cnn_core.datasets.folders import labelled_files
from cnn_core.datasets.split_folders import labelled_splits


def test_the_splits_of_a_data_set_and_all_of_them_can_be_evaluated(tmp_path: Path) -> None:
    for name, count in (("Training", 5), ("val", 3)):
        named_files(tmp_path / name, count)
    found = labelled_splits(tmp_path)
    assert list(found) == ["validation", "train", "all"]
    counts = {name: len(labelled_files(folders).paths) for name, folders in found.items()}
    assert counts == {"validation": 6, "train": 10, "all": 16}


def test_a_single_split_needs_no_training_folder_beside_it(tmp_path: Path) -> None:
    named_files(tmp_path / "test_set" / "test_set", 2)
    assert labelled_splits(tmp_path) == {"test": (tmp_path / "test_set" / "test_set",)}


def test_a_folder_without_splits_is_evaluated_as_a_whole(tmp_path: Path) -> None:
    assert labelled_splits(named_files(tmp_path, 2)) == {"all": (tmp_path,)}


@pytest.mark.parametrize("unlabelled", ["test/1.jpg", "test/photos/1.jpg"])
def test_a_split_without_classes_is_passed_over(tmp_path: Path, unlabelled: str) -> None:
    named_files(made(tmp_path, unlabelled) / "train", 2)
    assert list(labelled_splits(tmp_path)) == ["train"]
