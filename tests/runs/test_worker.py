"""The process of a run: whatever happens to it is in its folder afterwards."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from counted_runs import locked

from cnn_core.datasets.source import DataSource
from cnn_core.errors import Cancelled, TrainingError
from cnn_core.runs import launching
from cnn_core.runs import worker as process
from cnn_core.runs.device_queue import device_lock
from cnn_core.runs.launching import create_run
from cnn_core.runs.locks import Lock, is_locked
from cnn_core.runs.stop_request import write_stop_request
from cnn_core.runs.worker import Job, train
from cnn_core.training import run_status as status_module
from cnn_core.training.run_status import change_state, read_status
from cnn_core.training.settings.config import TrainingConfig

CONFIG = TrainingConfig(preset="lecture_baseline", epochs=3, batch_size=8)


@pytest.fixture
def new_run(tmp_path: Path) -> tuple[Path, Lock]:
    (tmp_path / "photos").mkdir()
    source = DataSource(folders=(str(tmp_path / "photos"),))
    return create_run(tmp_path / "runs", CONFIG, source, title="Test")


def steps(count: int, then: Callable[[Job], Any]) -> Callable[[Job], None]:
    """A trainer that does something after so many steps, and stops when it is asked to."""

    def trainer(job: Job) -> None:
        for step in range(1, 2 * count):
            if step == count:
                then(job)
            if job.stopped():
                raise Cancelled(f"Stopped after {step} steps.")
        change_state(job.folder, "running", epoch=2, epochs=3)

    return trainer


def test_a_run_holds_the_device_while_it_computes_and_is_finished_and_free_at_its_end(
    new_run: tuple[Path, Lock], tmp_path: Path
) -> None:
    folder, lock = new_run
    device = device_lock("cpu")
    seen: list[object] = []

    def trainer(job: Job) -> None:
        seen.extend([job.config, job.source.folders, is_locked(device), read_status(folder)["state"]])

    assert train(folder, lock, trainer=trainer) == "finished"
    assert seen == [CONFIG, (str(tmp_path / "photos"),), True, "preparing"]
    assert read_status(folder)["state"] == "finished"
    assert not is_locked(device)
    assert not is_locked(folder / ".lock")


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_request_to_stop_is_seen_after_the_current_step_and_then_forgotten(
    new_run: tuple[Path, Lock], state: Any
) -> None:
    folder, lock = new_run
    trainer = steps(5, lambda job: write_stop_request(job.folder, state))
    assert train(folder, lock, trainer=trainer) == state
    assert read_status(folder)["state"] == state
    again = locked(folder / ".lock")
    launching.queue_again(folder, "cpu")
    assert train(folder, again, trainer=steps(1, lambda _: None)) == "finished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_pauses_and_the_handlers_are_given_back(new_run: tuple[Path, Lock], number: int) -> None:
    folder, lock = new_run
    before = signal.getsignal(number)
    assert train(folder, lock, trainer=steps(5, lambda _: os.kill(os.getpid(), number))) == "paused"
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_the_process_without_waiting(new_run: tuple[Path, Lock]) -> None:
    folder, lock = new_run
    with pytest.raises(KeyboardInterrupt):
        train(folder, lock, trainer=lambda _: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)])
    assert not is_locked(folder / ".lock")


def test_a_request_that_cannot_be_read_pauses(new_run: tuple[Path, Lock]) -> None:
    folder, lock = new_run
    (folder / "stop.json").write_text("{", encoding="utf-8")
    assert train(folder, lock, trainer=steps(1, lambda _: None)) == "paused"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingError("Expected a loss that is a number. Received: nan. Start anew."), "Received: nan"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (MemoryError(), "Memory ran out"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_a_failure_is_told_with_reason_and_advice_and_what_was_done_stays(
    error: Exception, reason: str, new_run: tuple[Path, Lock]
) -> None:
    folder, lock = new_run

    def trainer(job: Job) -> None:
        change_state(job.folder, "running", epoch=2, epochs=3)
        raise error

    with pytest.raises(TrainingError) as told:
        train(folder, lock, trainer=trainer)
    status = read_status(folder)
    assert status["state"] == "failed"
    assert reason in status["reason"]
    assert status["advice"]
    assert (status["epoch"], status["epochs"]) == (2, 3)
    assert str(told.value) == f"{status['reason']} {status['advice']}"
    assert "Traceback" not in str(told.value)
    assert "Traceback" in (folder / "log.txt").read_text(encoding="utf-8")
    assert not is_locked(folder / ".lock")


def test_on_a_full_disk_the_reason_is_written_over_the_old_status_and_half_a_model_goes(
    new_run: tuple[Path, Lock], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lock = new_run

    def full(path: Path, value: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def trainer(job: Job) -> None:
        change_state(job.folder, "running", epoch=2, device="a name that makes the old status longer " * 9)
        (job.folder / ".model.new").mkdir()
        monkeypatch.setattr(status_module, "write_json", full)
        full(job.folder, None)

    with pytest.raises(TrainingError, match="disk is full"):
        train(folder, lock, trainer=trainer)
    assert json.loads((folder / "status.json").read_text())["state"] == "failed"
    assert not (folder / ".model.new").exists()  # half a model may be what filled the disk


@pytest.mark.parametrize("stopped", [False, True])
def test_a_run_whose_folder_is_removed_under_it_ends_with_a_sentence(
    new_run: tuple[Path, Lock], capsys: pytest.CaptureFixture[str], stopped: bool
) -> None:
    folder, lock = new_run

    def trainer(job: Job) -> None:
        job.folder.rename(job.folder.with_name("elsewhere"))
        if stopped:
            raise Cancelled("Stopped.")
        (job.folder / "status.json").read_text()

    with pytest.raises(TrainingError, match="no longer there"):
        train(folder, lock, trainer=trainer)
    assert "FileNotFoundError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ('{"config": {"epochs": -1}}', "epochs"),
        ('{"config": {}, "source": []}', "folders"),
        ('{"config": {}, "source": {"folders": [3]}}', "folder"),
    ],
)
def test_damaged_settings_fail_with_a_reason(new_run: tuple[Path, Lock], settings: str, reason: str) -> None:
    folder, lock = new_run
    (folder / "config.json").write_text(settings)
    with pytest.raises(TrainingError, match=reason):
        train(folder, lock)
    assert read_status(folder)["state"] == "failed"


def test_the_watcher_is_called_after_every_step(new_run: tuple[Path, Lock]) -> None:
    folder, lock = new_run
    calls: list[None] = []
    train(folder, lock, trainer=steps(3, lambda _: None), watch=lambda: calls.append(None))
    assert len(calls) == 1 + 5  # once in the queue


def test_a_run_that_expected_a_gpu_and_finds_none_waits_for_the_processor_too(
    new_run: tuple[Path, Lock], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lock = new_run
    cpu = device_lock("cpu")
    monkeypatch.setattr(process, "device_of", lambda stop_request: "gpu")
    job = Job(folder=folder, config=CONFIG, source=DataSource(folders=("x",)), stopped=lambda: False)
    with lock:
        with process.turn_on_found_device(job, "GPU NVIDIA"):
            assert not is_locked(cpu)
        with process.turn_on_found_device(job, "CPU"):
            assert is_locked(cpu)
            assert read_status(folder)["state"] == "preparing"
    assert not is_locked(cpu)


def test_the_processor_alone_is_seen_by_a_run_that_wants_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "kept")  # so that it is put back
        monkeypatch.delenv(name)
    process.prepare_framework(CONFIG)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    process.prepare_framework(dataclasses.replace(CONFIG, device="cpu"))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_a_run_lets_the_dashboard_go_first(project_root: Path) -> None:
    program = (
        "import os\nfrom cnn_core.runs.worker import lower_priority\n"
        "for _ in range(2):\n    lower_priority()\n"
        "print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project_root, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == max(process.NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


def test_half_written_files_of_a_killed_process_are_removed_and_nothing_else(
    new_run: tuple[Path, Lock],
) -> None:
    folder, lock = new_run
    for name in (".model.new", ".model.old", "model"):
        (folder / name).mkdir()
    for name in (".epoch_0001.new", "epoch_0000"):
        (folder / "checkpoints" / name).mkdir(parents=True)
    (folder / ".checkpoint.123-456.npz").write_bytes(b"half")
    (folder / "checkpoint.npz").write_bytes(b"whole")
    train(folder, lock, trainer=lambda _: None)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    kept = [".lock", "checkpoint.npz", "checkpoints", "checkpoints/epoch_0000", "config.json", "model"]
    assert left == [*kept, "status.json"]
