"""Which photos of a folder an index takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_photos import WARM, write_class_folders, write_photo

from cnn_core.errors import DataError
from cnn_core.neurons.photo_set import photo_set


def test_classes_are_folders_and_one_without_photos_is_named(tmp_path: Path) -> None:
    write_class_folders(tmp_path, 3)
    (tmp_path / "birds").mkdir()
    found = photo_set(tmp_path)
    assert found.classes == ("cats", "dogs")
    assert found.empty_classes == ("birds",)
    assert [file.path for file in found.files][:2] == ["cats/cats.0.jpg", "cats/cats.1.jpg"]


def test_a_folder_without_classes_is_one_class_or_those_in_its_names(tmp_path: Path) -> None:
    for number in range(2):
        write_photo(tmp_path / "plain" / f"photo{number}.jpg", WARM, number)
        for name in ("cat", "dog"):
            write_photo(tmp_path / "named" / f"{name}.{number}.jpg", WARM, number)
    assert photo_set(tmp_path / "plain").classes == ("plain",)
    assert photo_set(tmp_path / "named").classes == ("cat", "dog")


def test_a_limit_takes_from_every_class_and_is_at_least_1(tmp_path: Path) -> None:
    write_class_folders(tmp_path, 5)
    assert photo_set(tmp_path, 2).classes == ("cats", "dogs")
    assert len(photo_set(tmp_path, 4).files) == 4
    with pytest.raises(DataError, match="at least 1"):
        photo_set(tmp_path, 0)


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    write_class_folders(tmp_path, 2)
    before = photo_set(tmp_path).fingerprint()
    assert photo_set(tmp_path).fingerprint() == before
    write_photo(tmp_path / "cats" / "new.jpg", WARM, 9)
    assert photo_set(tmp_path).fingerprint() != before


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train" / "cats").mkdir(parents=True)
    (tmp_path / "test" / "cats").mkdir(parents=True)
    for folder in (tmp_path / "missing", tmp_path / "train" / "cats", tmp_path):
        with pytest.raises(DataError, match="Expected"):
            photo_set(folder)
