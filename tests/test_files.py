"""Files are complete or absent."""

import json
import os
import time
from pathlib import Path

import pytest

from cnn_core.files import remove_half_written, replacing, write_json


def test_a_file_takes_its_place_only_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="disk full"):
        write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise OSError("disk full")


def test_the_temporary_name_keeps_the_suffix_and_is_hidden(tmp_path: Path) -> None:
    with replacing(tmp_path / "weights.npz") as temporary:
        assert temporary.suffix == ".npz"
        assert temporary.name.startswith(".")
        assert temporary.parent == tmp_path
        temporary.touch()


def test_the_error_of_a_block_is_not_hidden_by_that_of_cleaning_up(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="disk full"), replacing(tmp_path / "file" / "below.txt"):
        raise ValueError("disk full")


def test_a_block_that_writes_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "nothing.txt"):
        pass


def test_json_is_written_whole_with_non_ascii_text(tmp_path: Path) -> None:
    write_json(tmp_path / "card.json", {"title": "Kätzchen"})
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8")) == {"title": "Kätzchen"}


def test_json_that_cannot_be_expressed_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "card.json", {"epochs": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "card.json", {"epochs": object()})
    assert json.loads((tmp_path / "card.json").read_text()) == {"epochs": 1}


def test_what_a_killed_process_had_moved_aside_is_put_back_where_nothing_replaced_it(tmp_path: Path) -> None:
    for name, text in (
        ("model", "new"),
        (".model.old", "old"),
        (".model.new", "half"),
        (".epoch_0001.old", "whole"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.json").write_text(text)
    (tmp_path / ".checkpoint.123-456.npz").touch()
    (tmp_path / ".lock").touch()
    remove_half_written(tmp_path)
    left = {
        str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert left == {"model/card.json": "new", "epoch_0001/card.json": "whole", ".lock": ""}


def test_a_young_half_file_goes_only_where_nobody_can_be_writing_it(tmp_path: Path) -> None:
    half, tomorrow = tmp_path / ".pixels.123-456.npy", time.time() + 86400
    for changed in (None, tomorrow, 0):
        half.touch()
        if changed is not None:
            os.utime(half, (changed, changed))
        remove_half_written(tmp_path, older_than_seconds=60)
        assert half.exists() == (changed != 0)
        remove_half_written(tmp_path)
        assert not half.exists()
