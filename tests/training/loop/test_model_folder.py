"""A model takes the place of an older one as a whole, and at no moment is there none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnn_core.training.loop.model_folder import write_model_folder


class Saved:
    """Stands for a network."""

    def save(self, path: Path) -> None:
        path.write_bytes(b"weights")


def write_card(path: Path, text: str) -> None:
    path.mkdir()
    (path / "card.json").write_text(json.dumps({"title": text}))


def title_in(path: Path) -> str:
    return json.loads((path / "card.json").read_text())["title"]


@pytest.mark.parametrize("there", [(), ("model",), (".model.old",), ("model", ".model.old")], ids=str)
def test_a_finished_model_is_put_in_the_place_of_what_is_there(
    tmp_path: Path, there: tuple[str, ...]
) -> None:
    for name in (*there, ".model.new"):
        write_card(tmp_path / name, "before")
    write_model_folder(tmp_path / "model", Saved(), {"title": "now"})
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert title_in(tmp_path / "model") == "now"


@pytest.mark.parametrize("there", [("model",), (".model.old",), ("model", ".model.old")], ids=str)
def test_whatever_ends_the_process_in_between_the_model_there_was_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...]
) -> None:
    for name in there:
        write_card(tmp_path / name, "before" if name == there[0] else "long ago")
    rename = Path.rename

    def killed(path: Path, target: Any) -> Path:
        if path.name == ".model.new":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        write_model_folder(tmp_path / "model", Saved(), {"title": "now"})
    assert title_in(tmp_path / ".model.old") == "before"
