"""What the folders of runs say of them, whatever is in there."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from counted_runs import locked, write_run

from cnn_core.errors import TrainingError
from cnn_core.runs.device_queue import device_lock, waiting
from cnn_core.runs.runs import Runs
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state


@pytest.mark.parametrize("state", ["queued", "preparing", "running", "finishing", "unheard of"])
def test_a_run_that_should_be_alive_without_a_process_is_interrupted(runs: Runs, state: str) -> None:
    folder = write_run(runs, "a", state)
    assert runs.view("a").state == "interrupted"
    assert runs.view("a").can_resume
    with locked(folder / ".lock"):
        assert runs.view("a").state == ("preparing" if state == "unheard of" else state)


def test_a_run_that_is_next_waits_only_while_its_device_is_in_use(runs: Runs) -> None:
    folder = write_run(runs, "a", "queued", queue={"ticket": 1, "device": "cpu"})
    device = device_lock("cpu")
    device.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        assert (runs.view("a").state, runs.view("a").queue_place) == ("preparing", None)
        with locked(device):
            assert (runs.view("a").state, runs.view("a").queue_place) == ("queued", 1)


def test_the_last_word_of_a_process_counts_although_it_ended_between_two_looks(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(runs, "a", "running")

    def ends_now(path: Path) -> bool:
        change_state(folder, "finished")
        return False

    monkeypatch.setattr("cnn_core.runs.run_view.is_locked", ends_now)
    assert runs.view("a").state == "finished"


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
        ("config.json", '"learning_rate": 0.001', f'"learning_rate": {10**400}'),
        ("config.json", '"checkpoint_epochs": []', '"checkpoint_epochs": [0, 1, 20]'),
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
    assert waiting(runs.folder, "cpu") == []
    if name == "status.json":
        assert views["a"].state in ("interrupted", "paused")
        assert views["a"].status.get("epoch", 1) == 1
        assert not {"seconds_left", "doing"} & set(views["a"].status)
    else:
        assert "a" not in views


def test_thirty_runs_are_listed_again_opening_only_the_files_that_have_changed(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        folder = RunFolder(write_run(runs, f"run{number}", "finished"))
        folder.write_history([{"epoch": float(epoch), "loss": 0.1} for epoch in range(100)])
    assert [len(view.history) for view in runs.all()] == [100] * 30
    RunFolder(runs.folder / "run7").write_history([{"epoch": 1.0}])
    assert len(runs.view("run7").history) == 1
    for module in (io, os):
        monkeypatch.setattr(module, "open", lambda path, *_, **__: pytest.fail(f"opened {path}"))
    assert len(runs.all()) == 30


def test_a_run_with_a_model_names_it(runs: Runs) -> None:
    folder = write_run(runs, "a", "finished")
    (folder / "model").mkdir()
    assert runs.view("a").model_key is None
    (folder / "model" / "card.json").touch()
    assert runs.view("a").model_key == "a"


@pytest.mark.parametrize("created", ["NaN", "1e300", "-5", '"yesterday"', str(10**400)])
def test_a_moment_that_no_calendar_knows_is_the_first_of_all(runs: Runs, created: str) -> None:
    path = write_run(runs, "a", "finished") / "config.json"
    path.write_text(path.read_text().replace('"created": 1.0', f'"created": {created}'))
    write_run(runs, "b", "finished")
    assert [view.key for view in runs.all()] == ["b", "a"]
    assert runs.view("a").created == 0


def test_a_title_written_by_hand_is_shown_on_one_line(runs: Runs) -> None:
    path = write_run(runs, "a", "finished") / "config.json"
    path.write_text(path.read_text().replace('"title": "A"', r'"title": "two\nlines\u001b[2J \udcff"'))
    assert runs.view("a").title == "two lines [2J"
