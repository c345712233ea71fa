"""Runs that have stopped: gone on with, finished, cancelled, removed."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from counted_runs import CONFIG, FAKE, LONG, SOURCE, locked, until, until_state, write_run

from cnn_core.errors import TrainingError
from cnn_core.runs.locks import Lock, is_locked, take_lock
from cnn_core.runs.runs import Runs
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state


def test_a_stopped_run_goes_on_after_its_last_epoch(runs: Runs) -> None:
    key = runs.launch(LONG, SOURCE, title="count")
    until(lambda: len(runs.view(key).history) >= 2)
    runs.stop(key, "cancelled")
    kept = until_state(runs, key, "cancelled").history
    runs.resume(key)
    until(lambda: len(runs.view(key).history) > len(kept))
    assert runs.view(key).history[: len(kept)] == kept
    runs.stop(key)
    epochs = [row["epoch"] for row in until_state(runs, key, "paused").history]
    assert epochs == list(range(1, len(epochs) + 1))


@pytest.mark.parametrize("state", ["paused", "running"])
def test_a_stopped_run_can_be_finished_with_the_epochs_there_are(runs: Runs, state: str) -> None:
    folder = RunFolder(write_run(runs, "a", state))
    folder.write_history([{"epoch": 1.0, "loss": 0.5}])
    assert runs.view("a").can_finish
    runs.finish_now("a")
    view = until_state(runs, "a", "finished")
    assert [row["epoch"] for row in view.history] == [1]
    assert not view.can_finish


def test_a_run_without_a_finished_epoch_is_not_finished(runs: Runs) -> None:
    write_run(runs, "a", "paused")
    assert not runs.view("a").can_finish
    with pytest.raises(TrainingError, match="which has none"):
        runs.finish_now("a")
    assert runs.view("a").state == "paused"


def test_a_run_that_is_resumed_trains_on_although_it_was_to_be_finished_before(runs: Runs) -> None:
    folder = RunFolder(write_run(runs, "a", "queued", finish=True))
    folder.write_history([{"epoch": 1.0, "loss": 0.5}])
    runs.resume("a")
    assert len(until_state(runs, "a", "finished").history) == CONFIG.epochs


@pytest.mark.parametrize(
    ("accident", "state", "reason"),
    [
        ("disk full", "failed", "disk is full"),
        ("not a number", "failed", "nan"),
        ("bus error", "interrupted", "disk is full"),
        ("killed", "interrupted", "killed"),
    ],
)
def test_an_accident_is_explained_and_the_finished_epoch_kept(
    runs: Runs, accident: str, state: str, reason: str
) -> None:
    key = runs.launch(CONFIG, SOURCE, title=accident)
    view = until_state(runs, key, state)
    assert reason in str(view.reason)
    assert view.advice
    assert len(view.history) == 1
    runs.resume(key)
    view = until_state(runs, key, "finished")
    assert [row["epoch"] for row in view.history] == [1, 2]
    assert view.reason is None


def test_a_run_that_is_alive_is_not_resumed_or_removed(runs: Runs) -> None:
    key = runs.launch(LONG, SOURCE, title="count")
    until_state(runs, key, "running")
    for refused in (runs.resume, runs.remove):
        with pytest.raises(TrainingError, match="which is running"):
            refused(key)
    assert len((runs.folder / key / "processes.txt").read_text().splitlines()) == 1


def test_of_two_who_resume_at_the_same_moment_one_is_refused(runs: Runs) -> None:
    write_run(runs, "a", "paused")
    both, refused = threading.Barrier(2), []

    def resume() -> None:
        both.wait()
        try:
            Runs(runs.folder, command=FAKE).resume("a")
        except TrainingError as error:
            refused.append(error)

    threads = [threading.Thread(target=resume) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    until_state(runs, "a", "finished")
    assert len((runs.folder / "a" / "processes.txt").read_text().splitlines()) == 1


def test_a_finished_run_is_not_resumed(runs: Runs) -> None:
    folder = write_run(runs, "a", "finished")
    with pytest.raises(TrainingError, match="finished"):
        runs.resume("a")
    assert not is_locked(folder / ".lock")


@pytest.mark.parametrize("state", ["paused", "failed", "running"])
def test_a_stopped_run_is_cancelled_without_a_process(runs: Runs, state: str) -> None:
    write_run(runs, "a", state)
    runs.stop("a", "cancelled")
    assert runs.view("a").state == "cancelled"
    assert not (runs.folder / "a" / "stop.json").exists()


def test_an_alive_run_that_was_asked_to_stop_says_so_until_it_has(runs: Runs) -> None:
    folder = write_run(runs, "a", "running")
    with locked(folder / ".lock"):
        assert runs.view("a").stopping is None
        runs.stop("a", "cancelled")
        assert runs.view("a").stopping == "cancelled"
        change_state(folder, "cancelled")
        assert runs.view("a").stopping is None


def test_stopping_a_finished_run_changes_nothing(runs: Runs) -> None:
    write_run(runs, "a", "finished")
    runs.stop("a", "cancelled")
    assert runs.view("a").state == "finished"


def test_a_run_that_somebody_has_finished_meanwhile_is_not_cancelled(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(runs, "a", "paused")

    def finished_first(path: Path) -> Lock | None:
        change_state(folder, "finished")
        return take_lock(path)

    monkeypatch.setattr("cnn_core.runs.runs.take_lock", finished_first)
    runs.stop("a", "cancelled")
    assert runs.view("a").state == "finished"


def test_of_two_who_remove_at_the_same_moment_both_come_to_their_end(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who is later finds what the other is still deleting, and helps."""
    write_run(runs, "a", "paused")
    write_run(runs, "b", "paused")
    delete = shutil.rmtree

    def overtaken(path: Path, **options: Any) -> None:
        monkeypatch.setattr(shutil, "rmtree", delete)
        Runs(runs.folder).remove("b")
        delete(path, **options)

    monkeypatch.setattr(shutil, "rmtree", overtaken)
    runs.remove("a")
    assert list(runs.folder.iterdir()) == []


def test_a_removal_clears_away_what_others_did_not_come_to_the_end_with(runs: Runs) -> None:
    old, young = runs.folder / ".new-1-2-3", runs.folder / ".new-4-5-6"
    for folder in (runs.folder / ".removed-1-b", old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    write_run(runs, "a", "paused")
    kept = write_run(runs, "b", "finished")
    runs.remove("a")
    assert sorted(runs.folder.iterdir()) == [young, kept]
    assert [view.key for view in runs.all()] == ["b"]


def test_runs_on_a_read_only_disk_can_be_looked_at_and_nothing_else(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunFolder(write_run(runs, "a", "running")).write_history([{"epoch": 1.0}])
    usual = os.open

    def read_only(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return usual(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    assert [view.state for view in runs.all()] == ["interrupted"]
    cancel = functools.partial(runs.stop, state="cancelled")
    for refused in (runs.resume, runs.finish_now, runs.remove, cancel):
        with pytest.raises(TrainingError, match=r"Read-only file system.*CONVSCOPE_RUNS"):
            refused("a")


def test_of_a_link_to_a_run_only_the_link_is_removed(runs: Runs, tmp_path: Path) -> None:
    folder = write_run(Runs(tmp_path / "elsewhere"), "a", "finished")
    runs.folder.mkdir()
    (runs.folder / "a").symlink_to(folder)
    runs.remove("a")
    assert list(runs.folder.iterdir()) == []
    assert (folder / "config.json").exists()
