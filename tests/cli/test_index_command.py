"""``python -m cnn_core index``: what it says, what it keeps, and how it takes bad photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tiny_model import write_tiny_model
from tiny_photos import write_class_folders

from cnn_core.__main__ import main
from cnn_core.neurons.photo_index import PhotoIndex


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photos in two classes, beside the tiny model and a cache of their own."""
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("CONVSCOPE_MODELS", str(write_tiny_model(tmp_path / "models")))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    return write_class_folders(tmp_path / "photos", 3)


def stored(said: str) -> PhotoIndex:
    """The index that the command has named in its last line."""
    return PhotoIndex(Path(said.splitlines()[-1].removeprefix("Stored in ")))


def test_it_says_what_it_found_and_where(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "tiny", str(photos)]) == 0
    said = capsys.readouterr().out
    assert "6 images of 2 classes" in said
    assert "images/s" in said
    assert "15 channels of 3 layers" in said
    found = stored(said)
    assert found.images().paths[0] == "cats/cats.0.jpg"
    assert {hit.label for hit in found.top("block2_conv", 0)} == {0, 1}
    assert main(["index", "tiny", str(photos)]) == 0
    assert "stored already" in capsys.readouterr().out


def test_bad_photos_and_empty_classes_are_named_and_the_rest_goes_on(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "dogs" / "dogs.1.jpg").write_bytes(b"no picture")
    Image.new("RGB", (3, 3)).save(photos / "cats" / "small.png")
    (photos / "birds").mkdir()
    assert main(["index", "tiny", str(photos)]) == 0
    said = capsys.readouterr().out
    assert "5 images" in said
    assert "Without a photo: birds" in said
    assert sorted(stored(said).unread) == ["cats/small.png", "dogs/dogs.1.jpg"]
    for path, reason in stored(said).unread.items():
        assert f"{path}: {reason}" in said


def test_a_limit_indexes_so_many(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "tiny", str(photos), "--limit", "4"]) == 0
    assert len(stored(capsys.readouterr().out).images().paths) == 4


def test_a_wrong_folder_is_told_in_one_sentence(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "tiny", str(photos / "nowhere")]) == 1
    assert "Expected" in capsys.readouterr().err
