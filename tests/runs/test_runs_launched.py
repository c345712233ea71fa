"""Runs are launched into processes of their own, and wait there for their device."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from counted_runs import CONFIG, LONG, PATIENCE_SECONDS, SOURCE, process_of, until_state

from cnn_core.datasets.source import DataSource
from cnn_core.errors import DataError, TrainingError
from cnn_core.runs import launching
from cnn_core.runs.launching import create_run, shorten_log
from cnn_core.runs.runs import Runs


def test_a_launched_run_counts_to_its_end_in_another_process_without_the_framework_or_a_zombie(
    runs: Runs,
) -> None:
    key = runs.launch(CONFIG, SOURCE, title="count")
    child = launching.reap()[-1]
    first = runs.view(key)
    assert first.is_alive  # from the very first moment, with nothing between folder and process
    view = until_state(runs, key, "finished")
    assert (view.title, view.config, view.source) == ("count", CONFIG, SOURCE)
    assert [row["epoch"] for row in view.history] == [1, 2]
    assert len(view.steps) == 10
    assert process_of(view) != os.getpid()
    assert view.model_key is None
    assert not view.can_resume
    assert child.wait(timeout=PATIENCE_SECONDS) == 0  # 2 where keras or tensorflow had been imported
    runs.all()
    assert child not in launching.reap()
    assert not Path(f"/proc/{child.pid}").exists()


def test_a_run_outlives_the_process_that_launched_it(runs: Runs, project_root: Path) -> None:
    program = (
        "import sys; sys.path[:0] = ['tests', 'tests/runs']\n"
        "from counted_runs import *\n"
        f"Runs(Path({str(runs.folder)!r}), command=FAKE).launch(CONFIG, SOURCE, title='count')\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=project_root, check=True)
    (view,) = runs.all()
    until_state(runs, view.key, "finished")


def test_two_runs_come_one_after_the_other_in_the_order_of_launching(runs: Runs) -> None:
    keys = [runs.launch(config, SOURCE, title="count") for config in (LONG, CONFIG, CONFIG)]
    assert len(set(keys)) == 3
    until_state(runs, keys[0], "running")
    views = [runs.view(key) for key in keys[1:]]
    assert [(view.state, view.queue_place) for view in views] == [("queued", 1), ("queued", 2)]
    runs.stop(keys[0])
    view = until_state(runs, keys[-1], "finished")
    assert view.queue_place is None
    turns = (runs.folder / ".turns").read_text().splitlines()
    assert turns == [f"{key} {what}" for key in keys for what in ("begins", "ends")]


def test_the_queue_goes_on_when_the_one_at_work_or_one_that_waits_is_killed(runs: Runs) -> None:
    first, second, third = (runs.launch(config, SOURCE, title="count") for config in (LONG, CONFIG, CONFIG))
    until_state(runs, first, "running")
    assert runs.view(third).queue_place == 2
    launching.reap()[1].kill()
    until_state(runs, second, "interrupted")
    assert runs.view(third).queue_place == 1
    os.kill(process_of(runs.view(first)), signal.SIGKILL)
    until_state(runs, third, "finished")
    assert runs.view(first).state == "interrupted"


def test_a_run_that_waits_can_be_cancelled(runs: Runs) -> None:
    first = runs.launch(LONG, SOURCE, title="count")
    until_state(runs, first, "running")
    second = runs.launch(CONFIG, SOURCE, title="count")
    runs.stop(second, "cancelled")
    until_state(runs, second, "cancelled")
    assert runs.view(first).state == "running"
    assert not (runs.folder / second / "processes.txt").exists()


def test_a_launch_that_cannot_start_a_process_fails_with_a_sentence_and_can_be_tried_again(
    runs: Runs,
) -> None:
    broken = Runs(runs.folder, command=("/no/such/program",))
    with pytest.raises(TrainingError, match="could not be started"):
        broken.launch(CONFIG, SOURCE, title="count")
    (view,) = runs.all()
    assert view.state == "failed"
    runs.resume(view.key)
    until_state(runs, view.key, "finished")


def test_a_launch_where_nothing_can_be_written_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="CONVSCOPE_RUNS"):
        Runs(tmp_path / "file" / "runs").launch(CONFIG, SOURCE)


def test_the_folders_of_the_data_are_written_down_as_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    source = DataSource(folders=("photos", "/tmp"), seed=3)
    folder, lock = create_run(tmp_path / "runs", CONFIG, source, title="")
    lock.release()
    view = Runs(folder.parent).view(folder.name)
    assert view.source == DataSource(folders=(str(tmp_path / "photos"), "/tmp"), seed=3)
    assert view.key.endswith("-lecture_baseline")


def test_a_launch_without_its_data_is_refused_at_once(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no photos, which is not there"):
        runs.launch(CONFIG, DataSource(folders=(str(tmp_path / "no photos"),)))
    assert runs.all() == ()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (" two\nlines \t here ", "two lines here"),
        ("\x1b[2Jcleared\x00", "[2Jcleared"),
        ("caf\u00e9 \U0001f468\u200d\U0001f469 \udcff", "caf\u00e9 \U0001f468\u200d\U0001f469"),
        ("x" * 121, "x" * 119 + "…"),
        ("\x07 \n", "Wide and plain, over-fits"),
    ],
)
def test_a_title_is_one_line_that_every_list_and_terminal_can_show(
    tmp_path: Path, title: str, shown: str
) -> None:
    folder, lock = create_run(tmp_path / "runs", CONFIG, SOURCE, title=title)
    lock.release()
    view = Runs(folder.parent).view(folder.name)
    assert view.title == shown
    view.title.encode()


def test_a_run_that_cannot_be_made_leaves_neither_folder_nor_lock(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(launching, "change_state", full)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(TrainingError, match="No space left"):
        runs.launch(CONFIG, SOURCE)
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(runs.folder.iterdir()) == []


def test_a_log_can_be_cut_while_somebody_appends_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "LONGEST_LOG_BYTES", 1000)
    monkeypatch.setattr(launching, "KEPT_LOG_BYTES", 10)
    with (tmp_path / "log.txt").open("ab", buffering=0) as log:
        log.write(b"x" * 2000)
        shorten_log(tmp_path)
        log.write(b"end")
    assert (tmp_path / "log.txt").read_bytes() == b"x" * 10 + b"end"
