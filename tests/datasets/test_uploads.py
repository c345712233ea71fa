"""An uploaded archive is unpacked once, under a name of its own, and makes room for later ones."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from tiny_photos import packed, write_class_folders

from cnn_core.datasets import uploads as uploads_module
from cnn_core.datasets.uploads import folder_name, unpacked


@pytest.mark.parametrize(
    ("archive", "folder"),
    [("good ones.zip", "good ones"), ("../../x/..zip", "photos"), ("a:b?.zip", "a_b"), ("x" * 90, "x" * 60)],
)
def test_a_folder_is_called_as_its_archive_where_that_is_safe(archive: str, folder: str) -> None:
    assert folder_name(archive) == folder


def test_archives_that_no_run_needs_make_room_for_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "KEPT_UPLOADS", 2)
    folders: list[Path] = []

    def upload(number: int) -> Path:
        archive = io.BytesIO(packed(tmp_path / f"set{number}"))
        return unpacked(archive, "pets.zip", tmp_path / "uploads", map(str, folders[:1]))

    for number in range(5):
        write_class_folders(tmp_path / f"set{number}", 1, first_seed=100 * number)
        folders.append(upload(number))
        os.utime(folders[-1].parent, (number, number))  # long ago, one second after another
    assert [folder.is_dir() for folder in folders] == [True, False, False, True, True]
    assert upload(4) == folders[4]
    assert folders[4].name == "pets"
