"""Train, section Progress: the log of a run, and the way to its curves in TensorBoard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from launch_settings import clean
from run_folders import CONFIG, write_run
from streamlit.testing.v1 import AppTest

from dashboard.training.progress import last_lines


def logged(app: AppTest) -> list[str]:
    """The log, and the line for TensorBoard; the code of the exports left out."""
    return [block.value for block in app.code if block.language != "python"]


@pytest.mark.usefixtures("fresh_folders")
def test_the_log_is_shown_on_request_with_the_way_to_tensorboard(open_app, tmp_path: Path):
    folder = write_run(tmp_path / "runs", "one", "finished", config=replace(CONFIG, tensorboard=True))
    (folder / "log.txt").write_text("first line\nlast line\n")
    app = clean(open_app("train", section="progress"))
    assert not logged(app)
    app.session_state["log-open"] = True
    log, command = logged(clean(app.run()))
    assert "last line" in log
    assert "tensorboard --logdir" in command


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path):
    (tmp_path / "log.txt").write_text("x" * 5000 + "\nbegin\n" + "line\n" * 1000)
    assert last_lines(tmp_path / "log.txt").startswith("line")
    assert last_lines(tmp_path / "none.txt") == "The log is empty."
