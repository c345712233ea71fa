"""Train, section Progress: what a run is doing, and what can be done with it, in every state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from launch_settings import clean, words
from run_folders import CONFIG, write_run
from streamlit.testing.v1 import AppTest

from cnn_core.errors import TrainingError
from cnn_core.runs.locks import take_lock
from cnn_core.runs.run_summary import fraction_done
from cnn_core.runs.runs import Runs
from cnn_core.training.run_folder import Checkpoint, RunFolder, read_rows
from cnn_core.training.run_status import change_state, log_end
from dashboard.run_setup.run_picker import FINISH
from dashboard.training.progress import bar_text, diagnosis_text

RUNNING = {
    "epoch": 4,
    "epochs": 6,
    "step": 5,
    "steps": 10,
    "images_per_second": 211.4,
    "waiting_fraction": 0.02,
    "seconds_left": 200,
    "loss": 0.41,
    "accuracy": 0.83,
    "precision": "mixed_bfloat16",
    "device": "CPU",
}


@pytest.fixture(autouse=True)
def runs_folder(fresh_folders: None, tmp_path: Path) -> Path:
    """No test here meets the runs of another one."""
    return tmp_path / "runs"


@pytest.fixture
def running(runs_folder: Path) -> Iterator[Path]:
    """A run with a living process behind it."""
    folder = write_run(runs_folder, "alive", "running", **RUNNING)
    with take_lock(folder / ".lock"):
        yield folder


def htmls(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("run-")]


def test_without_runs_the_page_says_how_to_start_one(open_app):
    app = clean(open_app("train", section="progress"))
    assert "No run yet" in app.info[0].value
    assert any("section=settings" in link.proto.query_string for link in app.get("page_link"))


def test_a_run_on_its_way_shows_its_figures_and_can_be_stopped(open_app, running):
    speeds = {"images_per_second": {"float32": 130.4, "mixed_bfloat16": 277.2}}
    (running / "precision.json").write_text(json.dumps(speeds))
    app = clean(open_app("train", section="progress"))
    shown = htmls(app)
    assert "on photos · batches of 8 · 150 px" in shown
    for figure in ("chip-running", "211", "waiting for data", "mixed bfloat16", "epoch</span>", "3"):
        assert figure in shown
    assert "float32 130/s, bfloat16 277/s" in shown
    assert labels(app) == ["Pause", "Cancel"]
    app.button(key="run-pause").click().run()
    assert json.loads((running / "stop.json").read_text())["state"] == "paused"
    clean(app.run())
    assert "pausing" in htmls(app)
    assert app.button(key="run-pause").disabled  # and cannot be asked twice
    assert not app.button(key="run-cancel").disabled


def test_a_run_paused_within_an_epoch_says_what_is_kept_and_what_finishing_discards(open_app, runs_folder):
    folder = write_run(runs_folder, "one", "paused", **RUNNING)
    rows = list(read_rows(folder / "history.csv"))
    so_far = {"step": 7, "loss": 0.5, "accuracy": 0.7, "seconds": 3.0, "average_step": 0}
    empty: Any = {group: [] for group in ("weights", "average", "optimizer", "best")}
    RunFolder(folder).save(Checkpoint(history=rows, step=37, **empty, epoch_so_far=so_far))
    app = clean(open_app("train", section="progress"))
    assert any("7 steps of the next · all kept" in bar.proto.text for bar in app.get("progress"))
    assert "after step 7" in app.button(key="run-resume").help
    assert (
        "7 steps of the next one are discarded"
        in app.button(key=f"run-{FINISH.lower().replace(' ', '-')}").help
    )


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("paused", ["Resume", FINISH, "Change settings", "Remove for good"]),
        ("cancelled", ["Resume", FINISH, "Change settings", "Remove for good"]),
        ("finished", ["Change settings", "Remove for good"]),
    ],
)
def test_what_can_be_done_follows_from_the_state(open_app, runs_folder, state, offered):
    write_run(runs_folder, "one", state)
    app = clean(open_app("train", section="progress"))
    assert labels(app) == offered
    assert f"chip-{state}" in htmls(app)


def test_a_failed_run_tells_the_reason_and_what_to_do(open_app, runs_folder):
    write_run(runs_folder, "one", "failed", reason="The **disk** is full.", advice="Make room, then resume.")
    app = open_app("train", section="progress")
    assert not app.exception
    assert "disk" in app.error[0].value
    assert "\\*\\*disk" in app.error[0].value
    assert "Make room" in app.error[0].value
    assert "Resume" in labels(app)


@pytest.mark.parametrize(
    ("state", "button", "called"),
    [
        ("running", "run-resume", "resume"),
        ("interrupted", "run-finish-with-the-epochs-so-far", "finish_now"),
    ],
)
def test_a_run_whose_process_is_gone_is_interrupted_and_can_go_on_or_be_finished(
    open_app, runs_folder, monkeypatch, state, button, called
):
    write_run(runs_folder, "one", state, **RUNNING)
    keys = []
    monkeypatch.setattr(Runs, called, lambda self, key: keys.append(key))
    app = open_app("train", section="progress")
    assert not app.exception
    assert "chip-interrupted" in htmls(app)
    app.button(key=button).click().run()
    assert keys == ["one"]


def test_a_run_that_is_removed_is_gone_and_makes_room_for_the_next(open_app, runs_folder):
    write_run(runs_folder, "one", "finished", title="The old one")
    newer = write_run(runs_folder, "two", "finished", title="The new one")
    app = clean(open_app("train", section="progress", run="../../etc"))  # there is no such run
    assert app.selectbox(key="run").value == newer.name
    clean(app.button(key="run-remove").click().run())
    assert not newer.exists()
    assert app.selectbox(key="run").value == "one"
    assert app.query_params["run"] in ("one", ["one"])
    assert "The new one" in app.toast[0].value


def test_an_error_of_a_button_is_told_and_the_page_stays(open_app, runs_folder, monkeypatch):
    write_run(runs_folder, "one", "paused")

    def refuse(self, key):
        raise TrainingError("Expected a run that has stopped. Received: one that goes on.")

    monkeypatch.setattr(Runs, "resume", refuse)
    app = open_app("train", section="progress")
    app.button(key="run-resume").click().run()
    assert "Expected a run that has stopped" in app.error[0].value
    assert not app.exception


def test_all_runs_are_listed_with_their_states_and_hostile_titles_as_they_are(open_app, running, runs_folder):
    title = "**x** <script>alert(1)</script> $y$"
    write_run(runs_folder, "done", "finished", title=title, history=6)
    app = clean(open_app("train", section="progress", run="done"))
    assert "&lt;script&gt;alert" in htmls(app)
    assert "<script>alert" not in htmls(app)
    assert "**x**" not in words(app)
    assert "6 of 6 epochs" in htmls(app)
    assert "68.0\u00a0%" in htmls(app)


def test_damaged_files_of_a_run_do_not_stop_the_page(open_app, runs_folder):
    folder = write_run(runs_folder, "one", "finished")
    for name in ("status.json", "precision.json", "scan.json"):
        (folder / name).write_text("[nonsense")
    (folder / "history.csv").write_text("epoch,loss\n1,\n2,nan\n3")
    (folder / "steps.csv").write_bytes(b"\xff\x00\n")
    app = open_app("train", section="progress")
    assert not app.exception


def test_what_was_left_out_is_counted_and_what_is_only_doubted_is_not(open_app, runs_folder):
    folder = write_run(runs_folder, "one", "finished")
    found = [{"path": f"{kind}.jpg", "kind": kind} for kind in ("truncated", "duplicate", "near_double")]
    scan = {"problems": found[:2], "label_conflicts": found[2:]}
    (folder / "scan.json").write_text(json.dumps(scan), encoding="utf-8")
    said = words(clean(open_app("train", section="progress")))
    assert "2 damaged or repeated pictures were left out" in said
    assert "doubt" not in said


def test_the_settings_of_a_run_can_be_changed_for_another_one(open_app, runs_folder):
    write_run(runs_folder, "one", "failed", reason="Too few.", advice="Add some.")
    app = open_app("train", section="progress")
    app.button(key="run-change-settings").click().run()
    assert not app.exception
    assert app.selectbox(key="preset").value == CONFIG.preset
    assert app.number_input(key="set_batch_size").value == CONFIG.batch_size
    assert app.session_state["data-folder"] == "/photos"


def test_a_run_that_ended_without_an_epoch_asks_nobody_to_wait(runs_folder):
    write_run(runs_folder, "one", "cancelled", history=0)
    assert "ended before its first epoch" in diagnosis_text(Runs(runs_folder).view("one"))[1]


def test_the_verdict_knows_how_common_each_class_is(runs_folder):
    """All answered with the commonest class: 0.9 is well learned of two equal classes, and nothing here."""
    folder = write_run(runs_folder, "one", "finished", history=3)
    same = {"loss": 0.4, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.9}
    RunFolder(folder).write_history([{"epoch": epoch, **same} for epoch in (1, 2, 3)])
    assert "No over-fitting" in diagnosis_text(Runs(runs_folder).view("one"))[1]
    counts = {"training": {"cats": 90, "dogs": 10}, "validation": {"cats": 9, "dogs": 1}}
    (folder / "scan.json").write_text(json.dumps({"counts": counts}), encoding="utf-8")
    assert "commonest class" in diagnosis_text(Runs(runs_folder).view("one"))[1]


def test_the_share_done_counts_steps_of_the_epoch_that_goes_on(running, runs_folder):
    assert fraction_done(Runs(runs_folder).view("alive")) == pytest.approx((3 + 0.5) / 6)


def test_a_run_stopped_without_its_steps_says_which_it_discarded_and_none_are_after_a_whole_epoch(
    runs_folder,
):
    write_run(runs_folder, "paused", "paused", history=3, **RUNNING)
    write_run(runs_folder, "between", "paused", history=4, **RUNNING)
    write_run(runs_folder, "finished", "finished", history=3, **RUNNING)
    known = Runs(runs_folder)
    assert "5 of 10 steps of epoch 4 discarded" in bar_text(known.view("paused"))
    assert "discarded" not in bar_text(known.view("between")) + bar_text(known.view("finished"))


def test_the_time_left_is_said_to_be_estimated_until_it_is_known(running, runs_folder):
    assert "about 3 min left" in bar_text(Runs(runs_folder).view("alive"))
    change_state(running, "running", **{name: RUNNING[name] for name in ("epoch", "step", "steps")})
    assert "estimating" in bar_text(Runs(runs_folder).view("alive"))


def test_the_log_is_shown_on_request_with_the_way_to_tensorboard(open_app, runs_folder):
    folder = write_run(runs_folder, "one", "finished", config=replace(CONFIG, tensorboard=True))
    (folder / "log.txt").write_text("first line\nlast line\n")
    app = clean(open_app("train", section="progress"))
    assert not logged(app)
    app.session_state["log-open"] = True
    log, command = logged(clean(app.run()))
    assert "last line" in log
    assert "tensorboard --logdir" in command


def logged(app: AppTest) -> list[str]:
    """The log, and the line for TensorBoard; the code of the exports left out."""
    return [block.value for block in app.code if block.language != "python"]


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path):
    (tmp_path / "log.txt").write_text("x" * 5000 + "\nbegin\n" + "line\n" * 2000)
    assert log_end(tmp_path / "log.txt").startswith("line")
    assert log_end(tmp_path / "none.txt") == ""
