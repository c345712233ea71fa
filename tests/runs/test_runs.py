"""All runs of a folder: launched, watched, stopped, resumed and removed, each in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnn_core.datasets.source import DataSource
from cnn_core.errors import DataError, TrainingError
from cnn_core.runs import launching
from cnn_core.runs.device_queue import waiting
from cnn_core.runs.locks import is_locked, take_lock
from cnn_core.runs.run_status import change_state, read_status
from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.runs.stop_wish import write_finish_wish
from cnn_core.training.config import TrainingConfig, config_to_json
from cnn_core.training.run_folder import RunFolder

FAKE = (sys.executable, str(Path(__file__).with_name("fake_training.py")))
CONFIG = TrainingConfig(preset="lecture_baseline", epochs=2, batch_size=8)
LONG = dataclasses.replace(CONFIG, epochs=500)
SOURCE = DataSource(folders=(str(Path(__file__).parent),))
PATIENCE_SECONDS = 30.0


@pytest.fixture
def runs(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Runs whose processes only count; none is left alive."""
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    found = Runs(tmp_path / "runs", command=FAKE)
    yield found
    for child in list(launching._children):
        child.kill()
        child.wait()
    launching.reap()


def until(what: Callable[[], Any], wanted: Any = True) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, f"{found!r} did not become {wanted!r}"
        time.sleep(0.02)


def until_state(runs: Runs, key: str, state: str) -> RunView:
    until(lambda: runs.view(key).state, state)
    return runs.view(key)


def write_run(runs: Runs, key: str, state: str, *, created: float = 1.0, **status: Any) -> Path:
    """A run as its process would have left it."""
    folder = runs.folder / key
    folder.mkdir(parents=True)
    about = {
        "config": config_to_json(CONFIG),
        "source": SOURCE.to_json(),
        "title": key.title(),
        "created": created,
    }
    (folder / "config.json").write_text(json.dumps(about))
    change_state(folder, state, **status)
    return folder


def process_of(view: RunView) -> int:
    """The process that counted last."""
    return int((view.folder / "processes.txt").read_text().splitlines()[-1].split()[0])


def test_a_launched_run_counts_to_its_end_in_another_process(runs: Runs) -> None:
    key = runs.launch(CONFIG, SOURCE, title="count")
    first = runs.view(key)
    assert first.is_alive  # from the very first moment, with nothing between folder and process
    view = until_state(runs, key, "finished")
    assert (view.title, view.config, view.source) == ("count", CONFIG, SOURCE)
    assert [row["epoch"] for row in view.history] == [1, 2]
    assert len(view.steps) == 10
    assert process_of(view) != os.getpid()
    assert view.model_key is None
    assert not view.can_resume


def test_a_process_that_only_waits_or_counts_has_not_loaded_the_framework(runs: Runs) -> None:
    key = runs.launch(CONFIG, SOURCE, title="count")
    child = launching._children[-1]
    until_state(runs, key, "finished")
    assert child.wait(timeout=10) == 0  # 2 where keras or tensorflow had been imported


def test_ended_processes_leave_no_zombie(runs: Runs) -> None:
    key = runs.launch(CONFIG, SOURCE, title="count")
    child = launching._children[-1]
    until_state(runs, key, "finished")
    until(lambda: (runs.all(), child in launching._children)[1], False)
    assert not Path(f"/proc/{child.pid}").exists()


def test_a_run_outlives_the_process_that_launched_it(runs: Runs, project_root: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests/runs')\n"
        "from test_runs import *\n"
        f"Runs(Path({str(runs.folder)!r}), command=FAKE).launch(CONFIG, SOURCE, title='count')\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=project_root, check=True)
    (view,) = runs.all()
    until_state(runs, view.key, "finished")


def test_two_runs_come_one_after_the_other_in_the_order_of_launching(runs: Runs) -> None:
    keys = [runs.launch(CONFIG, SOURCE, title="count") for _ in range(3)]
    assert len(set(keys)) == 3
    until(lambda: [view.state for view in runs.all() if view.key != keys[0]], ["queued", "queued"])
    assert [runs.view(key).queue_place for key in keys[1:]] in ([1, 2], [2, 3])
    alone = []
    while runs.view(keys[-1]).state != "finished":
        alone.append(sum(view.state in ("preparing", "running") for view in runs.all()))
        time.sleep(0.01)
    assert max(alone) == 1
    starts = [int((runs.folder / key / "processes.txt").read_text().split()[1]) for key in keys]
    assert starts == sorted(starts)
    assert runs.view(keys[-1]).queue_place is None


def test_the_queue_goes_on_when_the_one_at_work_or_one_that_waits_is_killed(runs: Runs) -> None:
    first, second, third = (runs.launch(config, SOURCE, title="count") for config in (LONG, CONFIG, CONFIG))
    until_state(runs, first, "running")
    assert runs.view(third).queue_place == 2
    launching._children[1].kill()
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


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_stopped_run_goes_on_after_its_last_epoch(runs: Runs, state: Any) -> None:
    key = runs.launch(LONG, SOURCE, title="count")
    until(lambda: len(runs.view(key).history) >= 2)
    runs.stop(key, state)
    kept = until_state(runs, key, state).history
    runs.resume(key)
    until(lambda: len(runs.view(key).history) > len(kept))
    assert runs.view(key).history[: len(kept)] == kept
    runs.stop(key)
    epochs = [row["epoch"] for row in until_state(runs, key, "paused").history]
    assert epochs == list(range(1, len(epochs) + 1))


@pytest.mark.parametrize("state", ["paused", "cancelled", "failed", "running"])
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
    folder = RunFolder(write_run(runs, "a", "paused"))
    folder.write_history([{"epoch": 1.0, "loss": 0.5}])
    write_finish_wish(folder.path)
    runs.resume("a")
    assert len(until_state(runs, "a", "finished").history) == CONFIG.epochs


def test_a_killed_run_is_interrupted_and_goes_on_when_resumed(runs: Runs) -> None:
    key = runs.launch(CONFIG, SOURCE, title="killed")
    view = until_state(runs, key, "interrupted")
    assert len(view.history) == 1
    assert "killed" in str(view.reason)
    assert "Resume" in str(view.advice)
    runs.resume(key)
    view = until_state(runs, key, "finished")
    assert [row["epoch"] for row in view.history] == [1, 2]
    assert view.reason is None


@pytest.mark.parametrize(
    ("accident", "state", "reason"),
    [
        ("disk full", "failed", "disk is full"),
        ("not a number", "failed", "nan"),
        ("bus error", "interrupted", "disk is full"),
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
    assert len(until_state(runs, key, "finished").history) == 2


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


@pytest.mark.parametrize("state", ["queued", "preparing", "running", "finishing", "unheard of"])
def test_a_run_that_should_be_alive_without_a_process_is_interrupted(runs: Runs, state: str) -> None:
    folder = write_run(runs, "a", state)
    assert runs.view("a").state == "interrupted"
    assert runs.view("a").can_resume
    with take_lock(folder / ".lock") or pytest.fail("locked"):
        assert runs.view("a").state == ("preparing" if state == "unheard of" else state)


def test_the_last_word_of_a_process_counts_although_it_ended_between_two_looks(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(runs, "a", "running")

    def ends_now(path: Path) -> bool:
        change_state(folder, "finished")
        return False

    monkeypatch.setattr("cnn_core.runs.run_view.is_locked", ends_now)
    assert runs.view("a").state == "finished"


@pytest.mark.parametrize("state", ["paused", "failed", "running"])
def test_a_stopped_run_is_cancelled_without_a_process(runs: Runs, state: str) -> None:
    write_run(runs, "a", state)
    runs.stop("a", "cancelled")
    assert runs.view("a").state == "cancelled"
    assert not (runs.folder / "a" / "stop.json").exists()


def test_an_alive_run_that_was_asked_to_stop_says_so_until_it_has(runs: Runs) -> None:
    folder = write_run(runs, "a", "running")
    with take_lock(folder / ".lock") or pytest.fail("locked"):
        assert runs.view("a").stopping is None
        runs.stop("a", "cancelled")
        assert runs.view("a").stopping == "cancelled"
        change_state(folder, "cancelled")
        assert runs.view("a").stopping is None


def test_stopping_a_finished_run_changes_nothing(runs: Runs) -> None:
    write_run(runs, "a", "finished")
    runs.stop("a", "cancelled")
    assert runs.view("a").state == "finished"


def test_a_removed_run_is_gone_and_the_others_stay(runs: Runs) -> None:
    write_run(runs, "a", "finished")
    write_run(runs, "b", "paused")
    runs.remove("a")
    assert [view.key for view in runs.all()] == ["b"]
    assert sorted(path.name for path in runs.folder.iterdir()) == ["b"]


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../outside", "a/../../outside", "/outside", ".lock", "a\0b", "none"]
)
def test_a_key_that_is_no_run_is_refused_by_everything(runs: Runs, key: str) -> None:
    outside = write_run(runs, "../outside", "paused")
    write_run(runs, "a", "paused")
    for refusing in (runs.view, runs.resume, runs.stop, runs.remove):
        with pytest.raises(TrainingError, match="name of a run"):
            refusing(key)
    assert (outside / "config.json").exists()


def test_runs_are_listed_newest_first_without_what_is_none(runs: Runs) -> None:
    assert runs.all() == ()
    for number in range(3):
        write_run(runs, f"run{number}", "finished", created=float(number))
    (write_run(runs, "damaged", "finished") / "config.json").write_text("{")
    write_run(runs, ".new-1", "queued")
    (runs.folder / "pixels").mkdir()
    (runs.folder / "notes.txt").touch()
    assert [view.key for view in runs.all()] == ["run2", "run1", "run0"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("config.json", '"created": 1.0', f'"created": {10**400}'),
        ("config.json", '"learning_rate": 0.001', f'"learning_rate": {10**400}'),
        ("config.json", '"validation": 0.2', f'"validation": {10**400}'),
        ("config.json", '"title": "A"', f'"title": {"[" * 5000}{"]" * 5000}'),
        ("status.json", '"state": "paused"', '"state": [1]'),
        ("status.json", '"state": "paused"', f'"state": {"[" * 5000}{"]" * 5000}'),
        ("status.json", '"epoch": 1', f'"epoch": {10**400}, "seconds_left": NaN, "doing": {{}}'),
    ],
)
def test_a_damaged_run_never_hides_the_others(runs: Runs, name: str, old: str, new: str) -> None:
    write_run(runs, "b", "finished")
    path = write_run(runs, "a", "paused", epoch=1) / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    views = {view.key: view for view in runs.all()}
    assert views["b"].state == "finished"
    assert waiting(runs.folder) == []
    if name == "status.json":
        assert views["a"].state in ("interrupted", "paused")
        assert views["a"].status.get("epoch", 1) == 1
        assert not {"seconds_left", "doing"} & set(views["a"].status)
    else:
        assert "a" not in views


def test_a_changed_file_is_read_anew_and_an_unchanged_one_is_not(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(write_run(runs, "a", "finished"))
    folder.write_history([{"epoch": 1.0}])
    assert len(runs.view("a").history) == 1
    folder.write_history([{"epoch": 1.0}, {"epoch": 2.0}])
    assert len(runs.view("a").history) == 2
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("read again"))
    assert len(runs.view("a").history) == 2


def test_thirty_runs_are_listed_in_less_than_30_ms(runs: Runs) -> None:
    for number in range(30):
        folder = RunFolder(write_run(runs, f"run{number}", "finished"))
        folder.write_history([{"epoch": float(epoch), "loss": 0.1} for epoch in range(100)])
    assert len(runs.all()) == 30
    times = []
    for _ in range(5):
        before = time.perf_counter()
        runs.all()
        times.append(time.perf_counter() - before)
    assert min(times) < 0.03


def test_a_run_with_a_model_names_it(runs: Runs) -> None:
    folder = write_run(runs, "a", "finished")
    (folder / "model").mkdir()
    assert runs.view("a").model_key is None
    (folder / "model" / "card.json").touch()
    assert runs.view("a").model_key == "a"


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
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    key = runs.launch(CONFIG, DataSource(folders=("photos", "/tmp"), seed=3), title="count")
    view = runs.view(key)
    assert view.source == DataSource(folders=(str(tmp_path / "photos"), "/tmp"), seed=3)
    until_state(runs, key, "finished")


def test_a_launch_without_its_data_is_refused_at_once(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no photos, which is not there"):
        runs.launch(CONFIG, DataSource(folders=(str(tmp_path / "no photos"),)))
    assert runs.all() == ()


def test_a_run_without_a_title_is_called_like_its_preset(runs: Runs) -> None:
    key = runs.launch(CONFIG, SOURCE)
    assert runs.view(key).title == "Lecture, baseline"
    assert key.endswith("-lecture_baseline")
    until_state(runs, key, "finished")
    assert read_status(runs.folder / key)["state"] == "finished"
