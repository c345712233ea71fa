"""``python -m cnn_core tournament``: a table of every photo, and means that say how sure they are."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_model import write_tiny_model
from tiny_photos import COLD, WARM, write_photo

from cnn_core.__main__ import main

QUICK = ("--methods", "saliency,grad_cam", "--set", "steps=4", "--set", "randomization=false")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three photos in two folders, beside the tiny model."""
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("CONVSCOPE_MODELS", str(write_tiny_model(tmp_path / "models")))
    for place, (name, colour) in enumerate((("cats/a", WARM), ("cats/b", WARM), ("dogs/c", COLD))):
        write_photo(tmp_path / "photos" / f"{name}.jpg", colour, seed=place)
    return tmp_path / "photos"


def test_every_photo_and_method_has_a_line_and_every_method_an_interval(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "found.csv"
    assert main(["tournament", "tiny", str(photos), *QUICK, "--output", str(table)]) == 0
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert {row["method"] for row in rows} == {"saliency", "grad_cam", "random", "edges"}
    assert len(rows) == 3 * 4
    assert {row["class"] for row in rows} <= {"cats", "dogs"}
    for row in rows:
        gap = float(row["insertion_area_logit"]) - float(row["deletion_area_logit"])
        assert float(row["insertion_minus_deletion_logit"]) == pytest.approx(gap, abs=1e-5)
        assert (row["control"] == "1") == (row["seconds"] == "")
        assert row["weights_shuffled_correlation"] == ""
    said = capsys.readouterr().out
    assert "3 of 3 photos" in said
    for title in ("Saliency", "Grad-CAM", "Random map", "Edges of the photo"):
        (line,) = [line for line in said.splitlines() if line.startswith(title)]
        own = [float(r["insertion_minus_deletion_share"]) for r in rows if r["title"] == title]
        mean, low, to, high = line.removeprefix(title).split()[:4]
        assert float(mean) == pytest.approx(np.mean(own), abs=1e-3)
        assert to == "to"
        assert float(low) <= float(mean) <= float(high)


def test_a_limit_takes_photos_from_all_folders_and_one_photo_has_no_interval(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "found.csv"
    limited = ["tournament", "tiny", str(photos), *QUICK, "--limit"]
    assert main([*limited, "2", "--output", str(table)]) == 0
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    assert {Path(row["photo"]).parent.name for row in rows} == {"cats", "dogs"}
    capsys.readouterr()
    assert main([*limited, "1"]) == 0
    said = capsys.readouterr().out
    assert "no interval" in said
    assert " to " not in said.splitlines()[1]


def test_what_is_no_picture_is_named_and_a_black_photo_does_not_count(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "cats" / "b.jpg").write_bytes(b"no picture")
    Image.new("RGB", (40, 40)).save(photos / "dogs" / "black.png")
    assert main(["tournament", "tiny", str(photos), *QUICK]) == 0
    said = capsys.readouterr()
    assert "b.jpg" in said.err
    assert "2 of 3 photos" in said.out
    assert "nan" not in said.out.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ["tiny", "no such folder"],
        ["no such model", "PHOTOS"],
        ["tiny", "EMPTY"],
        ["tiny", "PHOTOS", "--methods", "tea_leaves"],
        ["tiny", "PHOTOS", "--methods", ""],
        ["tiny", "PHOTOS", "--limit", "0"],
        ["tiny", "PHOTOS", "--set", "steps=1"],
        ["tiny", "PHOTOS", "--output", "."],
        ["tiny", "PHOTOS", "--limit", "1", "--methods", "saliency", "--output", "no such folder/x.csv"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_without_a_traceback(
    arguments: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    named = {"PHOTOS": str(photos), "EMPTY": str(tmp_path / "empty")}
    assert main(["tournament", *(named.get(each, each) for each in arguments)]) == 1
    said = capsys.readouterr()
    assert "Received" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
