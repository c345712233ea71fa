"""The folders that were used last are remembered, and the best of them comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_photos import write_class_folders, write_tiny_photos

from cnn_core.datasets.recent_folders import (
    MOST,
    evaluated_folders,
    last_folder,
    origin_of,
    remember_evaluated,
    remember_folder,
    used_folders,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)


def test_the_folder_used_last_comes_first_and_those_that_are_gone_are_left_out(tmp_path: Path) -> None:
    for number in [*range(MOST + 2), 3]:
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        remember_folder(str(folder))
    (tmp_path / "5").rmdir()
    assert [Path(folder).name for folder in used_folders()] == ["3", "6", "4", "2"]
    assert {origin_of(folder) for folder in used_folders()} == {"folder"}


@pytest.mark.parametrize("damage", ["", "[]", '{"folders": 3}'])
def test_a_damaged_list_is_empty(tmp_path: Path, damage: str) -> None:
    remember_folder(str(tmp_path))
    (tmp_path / "cache" / "used_folders.json").write_text(damage)
    assert used_folders() == []
    assert last_folder() == ""


def test_data_that_cannot_be_read_any_more_are_not_the_first_ones(tmp_path: Path) -> None:
    remember_folder(str(write_class_folders(tmp_path / "older", 2)))
    newer = write_class_folders(tmp_path / "newer", 2)
    remember_folder(str(newer))
    assert last_folder() == str(newer)
    (newer / "dogs" / "dogs.0.jpg").unlink()
    (newer / "dogs" / "dogs.1.jpg").unlink()
    assert last_folder() == str(tmp_path / "older")


def test_a_folder_named_anew_in_the_environment_comes_before_what_was_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_folder(str(write_class_folders(tmp_path / "used", 2)))
    monkeypatch.setenv("CONVSCOPE_DATA", str(write_tiny_photos(tmp_path / "named", 2, 2)))
    assert last_folder() == str(tmp_path / "named")
    remember_folder(str(tmp_path / "used"))
    assert last_folder() == str(tmp_path / "used")


def test_nobody_trains_on_a_folder_because_a_network_was_evaluated_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_evaluated(str(write_class_folders(tmp_path / "held_out", 2)))
    assert last_folder() == ""
    remember_folder(str(write_class_folders(tmp_path / "photos", 2)))
    assert last_folder() == str(tmp_path / "photos")
    assert used_folders() == [str(tmp_path / "photos")]
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    assert evaluated_folders() == [str(tmp_path / "held_out"), str(tmp_path / "photos"), str(tmp_path)]
