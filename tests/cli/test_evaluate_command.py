"""``python -m cnn_core evaluate``: the figures on standard output, every answer in a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_model import write_tiny_model
from tiny_photos import COLD, write_photo, write_tiny_photos

from cnn_core.__main__ import main


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos in two splits, beside the tiny model."""
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("CONVSCOPE_MODELS", str(write_tiny_model(tmp_path / "models")))
    return write_tiny_photos(tmp_path / "photos", training=3, validation=2)


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["evaluate", "tiny", *map(str, arguments)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_validation_comes_first_and_any_split_can_be_named(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = evaluated(capsys, photos)
    assert (first["split"], first["pictures"]) == ("validation", 4)
    assert first["correct"] == sum(row[index] for index, row in enumerate(first["confusion"]))
    assert evaluated(capsys, photos, "--split", "all")["pictures"] == 10
    assert main(["evaluate", "tiny", str(photos), "--split", "test"]) == 1
    assert "validation, train, all" in capsys.readouterr().err


def test_every_answer_is_in_the_table_and_what_was_left_out_is_told(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, folder = tmp_path / "answers.csv", photos / "validation"
    write_photo(folder / "hounds" / "a.jpg", COLD, seed=1)
    (folder / "cats" / "cats.0.jpg").write_bytes(b"no picture")
    found = evaluated(capsys, folder, "--csv", table)
    assert found["left_out"] == {"hounds": 1}
    assert found["unread"] == [str(folder / "cats" / "cats.0.jpg")]
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["class"] for row in rows] == ["cats", "dogs", "dogs"]
    assert sum(row["class"] == row["answer"] for row in rows) == found["correct"]
    assert all(float(row["cats"]) + float(row["dogs"]) == pytest.approx(1, abs=1e-5) for row in rows)


def test_a_folder_of_another_name_stands_for_the_class_that_is_named(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = photos / "train"
    (folder / "dogs").rename(folder / "hounds")
    assert evaluated(capsys, folder)["left_out"] == {"hounds": 3}
    found = evaluated(capsys, folder, "--class", "hounds=dogs")
    assert found["folders"] == {"cats": "cats", "hounds": "dogs"}
    for wrong in ("hounds=wolves", "wolves=dogs", "hounds"):
        assert main(["evaluate", "tiny", str(folder), "--class", wrong]) == 1
        assert f"Received: {wrong!r}" in capsys.readouterr().err
