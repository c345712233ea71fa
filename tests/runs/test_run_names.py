"""Names that people give to the folder of a run on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core.__main__ import main


@pytest.mark.parametrize("name", [".hidden", "elsewhere/.hidden"])
def test_a_name_that_no_list_would_show_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert main(["train", "--data", "photos", "--run", name]) == 1
    assert "hidden from the list of runs" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
