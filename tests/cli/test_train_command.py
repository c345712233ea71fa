"""``python -m cnn_core train`` and ``runs``: the model on standard output, the progress on standard error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnn_core.__main__ import main
from cnn_core.cli import train as command
from cnn_core.cli.progress_line import status_line
from cnn_core.datasets.source import DataSource
from cnn_core.errors import Cancelled
from cnn_core.runs import worker as process
from cnn_core.runs.launching import create_run
from cnn_core.runs.runs import Runs
from cnn_core.runs.worker import Job
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state
from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named


@pytest.fixture
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for runs, beside two folders of photos named ``photos`` and ``more``."""
    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path / "runs"))
    for name in ("photos", "more"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.fixture
def jobs(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Runs are not trained but noted down; each has one finished epoch, and one is being trained."""
    noted: list[Job] = []

    def note(job: Job) -> None:
        noted.append(job)
        folder = RunFolder(job.folder)
        folder.write_history([{"epoch": 1, "loss": 0.5, "val_accuracy": 0.75, "images_per_second": 99.6}])
        if job.stopped():
            raise Cancelled("Stopped.")

    monkeypatch.setattr(process, "train_for_real", note)
    monkeypatch.setattr(command, "lower_priority", lambda: None)
    return noted


def trained(arguments: list[str], jobs: list[Job]) -> Job:
    assert main(["train", *arguments]) == 0
    return jobs[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "Received"),
        ("--run no-such-run", "Received"),
        ("--data no-such-folder", "Received"),
        ("--data photos --preset no-such-preset", "Received"),
        ("--data photos --validation validation", "Received"),
        ("--data photos --validation -1", "Received"),
        ("--data photos --epochs 0", "Received"),
        ("--data photos --set learning_rate", "Received"),
        ("--data photos --set learning_rate=fast", "Received"),
        ("--data photos --set tea=leaves", "Received"),
        ("--data photos --set tea.sort=leaves", "Received"),
        ("--data photos --set augmentation.tea=1", "Received"),
        ("--data photos --set augmentation=3", "Received"),
        ("--data photos --set sizes_px=[96,120] --set stage_shares=[0.5,0.3]", "together 0.8"),
        ("--data photos --set epochs=15 --set checkpoint_epochs=[0,5,20]", "Received: 20. Leave these out"),
        ("--data photos --run .hidden", "Received: '.hidden'"),
        ("--data photos --run elsewhere/.hidden", "Received: '.hidden'"),
        ("--data photos --run run@2", "Received: 'run@2'"),
        ("--data photos --finish", "--finish with --run alone"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_before_there_is_a_folder(
    arguments: str, told: str, runs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *arguments.split()]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
    assert not runs_folder.exists()
    assert not Path("elsewhere").exists()


def test_help_is_there_at_once_and_names_docker_and_all_presets(project_root: Path) -> None:
    program = "import sys\nfrom cnn_core.__main__ import main\nmain(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, "train", "--help"],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "docker run --rm --gpus all" in done.stdout
    assert all(preset.key in done.stdout for preset in PRESETS)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "cnn_core.cli.train" in imported
    assert not imported & {"keras", "tensorflow", "cnn_core.explorer"}


def test_train_starts_from_a_preset_and_changes_what_is_named(jobs: list[Job], tmp_path: Path) -> None:
    job = trained(
        "--preset report_regularized --data photos --data more --validation 500 --test 0.1 --data-seed 7 "
        "--epochs 5 --batch-size 16 --seed 3 --precision float32 --device cpu --keep-non-rgb "
        "--keep-near-duplicates "
        "--set learning_rate=0.01 --set augmentation.rotation_degrees=20 --set augmentation.flip=false "
        "--set optimizer=sgd --set tensorboard=true".split(),
        jobs,
    )
    usual = preset_named("report_regularized").config
    assert (job.config.epochs, job.config.batch_size, job.config.seed) == (5, 16, 3)
    assert (job.config.precision, job.config.device, job.config.optimizer) == ("float32", "cpu", "sgd")
    assert (job.config.learning_rate, job.config.tensorboard) == (0.01, True)
    assert job.config.dropout == usual.dropout
    assert job.config.augmentation == Augmentation(
        rotation_degrees=20.0,
        zoom=usual.augmentation.zoom,
        stretch=usual.augmentation.stretch,
        shift_fraction=usual.augmentation.shift_fraction,
    )
    folders = (str(Path("photos").absolute()), str(Path("more").absolute()))
    assert job.source == DataSource(
        folders=folders, validation=500, test=0.1, seed=7, keep_non_rgb=True, keep_near_duplicates=True
    )


def test_train_without_options_takes_the_preset_as_it_is(jobs: list[Job], runs_folder: Path) -> None:
    job = trained(["--data", "photos"], jobs)
    assert job.config == preset_named("photo_cnn").config
    assert job.folder.parent == runs_folder


def test_sizes_can_be_set_as_a_list(jobs: list[Job]) -> None:
    changes = ["--set", "sizes_px=[64, 96, 128]", "--set", "stage_shares=[0.5,0.3,0.2]"]
    assert trained(["--data", "photos", *changes], jobs).config.sizes_px == (64, 96, 128)


def test_progress_goes_to_standard_error_and_the_model_to_standard_output(
    jobs: list[Job], capfd: pytest.CaptureFixture[str]
) -> None:
    job = trained(["--data", "photos"], jobs)
    said = capfd.readouterr()
    assert said.out == f"{job.folder / 'model'}\n"
    assert "epoch 1 · loss 0.500 · validation accuracy 0.750 · 100 images/s" in said.err
    assert said.err.endswith("finished\n")


def test_a_stopped_run_says_the_line_that_resumes_it_and_that_line_does(
    jobs: list[Job], capfd: pytest.CaptureFixture[str], runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnn_core.runs.stop_request.StopRequest.__call__", lambda wish: bool(jobs))
    assert main(["train", "--data", "photos", "--run", str(runs_folder / "my run")]) == 1
    said = capfd.readouterr().err
    assert "The run is paused; finished epochs: 1." in said
    assert Runs(runs_folder).view("my run").state == "paused"
    monkeypatch.setattr("cnn_core.runs.stop_request.StopRequest.__call__", lambda wish: False)
    monkeypatch.setattr(process, "train_for_real", jobs.append)
    (line,) = (line for line in said.splitlines() if "python -m cnn_core train" in line)
    assert line.endswith(f"python -m cnn_core train --run '{runs_folder / 'my run'}'")
    assert main(["train", "--run", "my run"]) == 0
    assert jobs[-1].folder == runs_folder / "my run"
    assert Runs(runs_folder).view("my run").state == "finished"


def a_run(runs_folder: Path, key: str, state: str) -> Path:
    config = TrainingConfig(preset="lecture_baseline", epochs=3)
    folder, lock = create_run(runs_folder, config, DataSource(folders=("photos",)), title=key, name=key)
    lock.release()
    change_state(folder, state, reason="The disk is full." if state == "failed" else None)
    return folder


@pytest.mark.parametrize("option", [["--epochs", "9"], ["--set", "seed=1"], ["--validation", "0.5"]])
def test_a_run_is_resumed_with_its_own_settings_alone(
    option: list[str], runs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_run(runs_folder, "a", "paused")
    assert main(["train", "--run", "a", *option]) == 1
    assert "with its own settings" in capsys.readouterr().err


def test_a_stopped_run_is_finished_with_the_epochs_there_are(
    jobs: list[Job], runs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_run(runs_folder, "a", "paused")
    assert main(["train", "--run", "a", "--finish"]) == 1
    assert "Expected a run with a finished epoch" in capsys.readouterr().err
    RunFolder(folder).write_history([{"epoch": 1, "loss": 0.5}])
    assert trained(["--run", "a", "--finish"], jobs).finish_only
    assert Runs(runs_folder).view("a").state == "finished"


def test_a_new_run_does_not_take_the_place_of_another(
    runs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_run(runs_folder, "a", "paused")
    before = (folder / "config.json").read_bytes()
    assert main(["train", "--data", "photos", "--run", "a"]) == 1
    assert "taken" in capsys.readouterr().err
    assert (folder / "config.json").read_bytes() == before
    assert [path.name for path in runs_folder.iterdir()] == ["a"]


def test_runs_lists_every_run_with_its_state(runs_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "No runs" in capsys.readouterr().out
    RunFolder(a_run(runs_folder, "first", "paused")).write_history([{"epoch": 1, "val_accuracy": 0.8125}])
    a_run(runs_folder, "second", "failed")
    assert main(["runs"]) == 0
    second, first = capsys.readouterr().out.splitlines()
    assert first.split()[:4] == ["first", "paused", "epoch", "1/3"]
    assert "best validation accuracy 0.812" in first
    assert second.split()[:2] == ["second", "failed"]
    assert "The disk is full." in second


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ({}, ""),
        ({"state": "queued"}, "queued"),
        (
            {"state": "preparing", "doing": "Decoding the pictures once", "fraction": 0.5},
            "preparing: Decoding the pictures once 50%",
        ),
        (
            {
                "state": "running", "epoch": 2, "epochs": 9, "step": 3, "steps": 40,
                "loss": 0.6931, "accuracy": 0.5, "images_per_second": 180.4, "seconds_left": 3725,
            },
            "epoch 2/9 · step 3/40 · loss 0.693 · accuracy 0.500 · 180 images/s · 1:02:05 left",
        ),
        ({"state": "running", "epoch": 1, "epochs": 2, "step": 1, "steps": 4},
                "epoch 1/2 · step 1/4 · estimating the time left"),
    ],
)  # fmt: skip
def test_the_progress_line_says_what_is_known(status: dict[str, Any], line: str) -> None:
    assert status_line(status) == line
