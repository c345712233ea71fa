"""Every way to fail has a reason that a person understands, and advice."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from cnn_core.errors import DataError, DivergedError, ImageError, TrainingError
from cnn_core.runs.failures import Failure, failure_of, failure_of_vanished


class ResourceExhaustedError(Exception):
    """Named like the framework's."""


class InternalError(Exception):
    """Named like the framework's."""


def failed(error: BaseException, folder: Path, data: Path | None = None) -> Failure:
    """What a run in that folder says, whose data is there unless another place is named."""
    config = {"batch_size": 64, "input_size_px": 150}
    source = {"folders": [str(folder if data is None else data)]}
    return failure_of(error, folder=folder, settings={"config": config, "source": source})


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


FULL = "disk is full", "Free some space"
MEMORY = "64 pictures of 150 px", "e.g. 32, or with smaller pictures"
SENTENCE = "Expected a finite loss. Received: nan out of memory. Lower the learning rate."
PHOTO = "/photos/x.jpg"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "checkpoint.npz"), FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), FULL),
        (caused(TrainingError("Expected to write."), OSError(errno.ENOSPC, "No space left")), FULL),
        (MemoryError(), MEMORY),
        (ResourceExhaustedError("failed to allocate memory [Op:Conv2D]"), MEMORY),
        (InternalError("Failed to allocate request for 2.0GiB"), MEMORY),
        (InternalError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"), MEMORY),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), MEMORY),
        (caused(ValueError("while calling layer"), ResourceExhaustedError("")), MEMORY),
        (FileNotFoundError(errno.ENOENT, "No such file", PHOTO), (PHOTO, "Put it back")),
        (PermissionError(errno.EACCES, "Not allowed", PHOTO), (f"{PHOTO} cannot be used", "right to it")),
        (DataError(SENTENCE), (SENTENCE, "Then resume the run")),
        (ImageError(SENTENCE), (SENTENCE, "Then resume the run")),
        (TrainingError(SENTENCE), (SENTENCE, "Start a new run with other settings")),
        (DivergedError(SENTENCE), (SENTENCE, "Start a new run with a lower learning rate")),
        (ZeroDivisionError("division\nby zero"), ("ZeroDivisionError: division by zero", "log.txt")),
    ],
    ids=repr,
)
def test_an_error_is_told_with_what_to_do(error: Exception, told: tuple[str, str], tmp_path: Path) -> None:
    failure = failed(error, tmp_path)
    assert told[0] in failure.reason
    assert told[1] in failure.advice


def test_a_full_disk_is_named_with_what_is_free(tmp_path: Path) -> None:
    failure = failed(OSError(errno.ENOSPC, "No space left on device"), tmp_path)
    assert f"MB at {tmp_path}" in failure.reason
    assert "resume" in failure.advice


@pytest.mark.parametrize(
    "error",
    [
        DataError("Expected a folder. Received: none."),
        ImageError("x.jpg: Expected a picture."),
        FileNotFoundError(errno.ENOENT, "No such file", "x.jpg"),
    ],
)
def test_a_data_folder_that_is_gone_is_named_whatever_it_broke(error: Exception, tmp_path: Path) -> None:
    failure = failed(error, tmp_path, tmp_path / "photos")
    assert failure.reason == f"The data folder {tmp_path / 'photos'} is no longer there."
    assert "Put it back" in failure.advice


def test_a_loss_that_is_no_number_is_the_reason_although_the_data_has_gone_since(tmp_path: Path) -> None:
    assert failed(TrainingError(SENTENCE), tmp_path, tmp_path / "photos").reason == SENTENCE


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_of_ours_that_cannot_be_written_is_named_with_its_variable(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    for variable, ours in (("CONVSCOPE_CACHE", "cache"), ("CONVSCOPE_RUNS", "runs")):
        refused = OSError(number, "Not allowed", str(tmp_path / ours / "a" / "x.npy"))
        error = caused(TrainingError("Expected to write."), refused)
        failure = failed(error, tmp_path / "runs" / "a", tmp_path)
        assert f"The folder {tmp_path / ours} cannot" in failure.reason
        assert variable in failure.advice
        assert "resume" in failure.advice


@pytest.mark.parametrize("kind", [DivergedError, TrainingError])
def test_what_a_resume_would_repeat_is_finished_where_there_is_an_epoch_and_not_resumed(
    kind: type[Exception], tmp_path: Path
) -> None:
    advice = failed(kind(SENTENCE), tmp_path).advice
    assert "resume the run" not in advice.lower()
    assert "finish" not in advice
    (tmp_path / "history.csv").touch()
    assert "finish this run" in failed(kind(SENTENCE), tmp_path).advice


def test_settings_that_say_nothing_and_long_messages_are_no_trouble(tmp_path: Path) -> None:
    settings: dict[str, Any] = {}
    assert "Memory ran out" in failure_of(MemoryError(), folder=tmp_path, settings=settings).reason
    long = failure_of(RuntimeError("graph " * 5000), folder=tmp_path, settings=settings)
    assert len(long.reason) < 400
    assert str(tmp_path / "log.txt") in long.advice


@pytest.mark.parametrize(
    ("last_words", "reason"),
    [
        ("Fatal Python error: Bus error\n", "disk is full"),
        ("what():  std::bad_alloc\n", "out of memory"),
        ("all was well\n", "killed, memory ran out, or the machine was switched off"),
        ("Bus error\n======== 2026-01-01 12:00:00\nall was well\n", "killed, memory ran out"),
    ],
)
def test_the_log_of_a_vanished_process_tells_why(last_words: str, reason: str, tmp_path: Path) -> None:
    assert "Resume" in failure_of_vanished(tmp_path / "log.txt").advice
    (tmp_path / "log.txt").write_text(last_words)
    assert reason in failure_of_vanished(tmp_path / "log.txt").reason
