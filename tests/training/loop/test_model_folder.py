"""A model takes the place of an older one as a whole, and at no moment is there none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core.training.loop.model_folder import _put_in_place


def folder_saying(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "card.json").write_text(text)
    return path


@pytest.mark.parametrize("there", [(), ("model",), (".model.old",), ("model", ".model.old")], ids=str)
def test_a_finished_model_is_put_in_the_place_of_what_is_there(
    tmp_path: Path, there: tuple[str, ...]
) -> None:
    for name in there:
        folder_saying(tmp_path / name, "before")
    _put_in_place(folder_saying(tmp_path / ".model.new", "now"), tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "card.json").read_text() == "now"


@pytest.mark.parametrize("there", [("model",), (".model.old",), ("model", ".model.old")], ids=str)
def test_whatever_ends_the_process_in_between_the_model_there_was_is_left(
    tmp_path: Path, there: tuple[str, ...]
) -> None:
    for name in there:
        folder_saying(tmp_path / name, "before" if name == there[0] else "long ago")
    with pytest.raises(FileNotFoundError):
        _put_in_place(tmp_path / "stands for the end", tmp_path / "model")
    assert (tmp_path / ".model.old" / "card.json").read_text() == "before"
