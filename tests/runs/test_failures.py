"""Every way to fail has a reason that a person understands, and advice."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from cnn_core.errors import DataError, DivergedError, ImageError, TrainingError
from cnn_core.runs.failures import failure_of, failure_of_vanished


class ResourceExhaustedError(Exception):
    """Named like the framework's."""


class InternalError(Exception):
    """Named like the framework's."""


def settings(data: Path) -> dict[str, Any]:
    return {"config": {"batch_size": 64, "input_size_px": 150}, "source": {"folders": [str(data)]}}


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "checkpoint.npz"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        caused(TrainingError("Expected to write."), OSError(errno.ENOSPC, "No space left on device")),
    ],
)
def test_a_full_disk_is_named_with_what_to_free(error: Exception, tmp_path: Path) -> None:
    failure = failure_of(error, folder=tmp_path, settings=settings(tmp_path))
    assert "disk is full" in failure.reason
    assert f"MB at {tmp_path}" in failure.reason
    assert "Free some space" in failure.advice
    assert "resume" in failure.advice


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ResourceExhaustedError("failed to allocate memory [Op:Conv2D]"),
        InternalError("Failed to allocate request for 2.0GiB"),
        InternalError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        caused(ValueError("while calling layer"), ResourceExhaustedError("")),
    ],
)
def test_lack_of_memory_advises_half_the_batch_and_smaller_pictures(error: Exception, tmp_path: Path) -> None:
    failure = failure_of(error, folder=tmp_path, settings=settings(tmp_path))
    assert "64 pictures of 150 px" in failure.reason
    assert "e.g. 32" in failure.advice
    assert "smaller pictures" in failure.advice


@pytest.mark.parametrize(
    "error",
    [
        DataError("Expected a folder. Received: none."),
        ImageError("x.jpg: Expected a picture."),
        FileNotFoundError(errno.ENOENT, "No such file", "x.jpg"),
    ],
)
def test_a_data_folder_that_is_gone_is_named_whatever_it_broke(error: Exception, tmp_path: Path) -> None:
    failure = failure_of(error, folder=tmp_path, settings=settings(tmp_path / "photos"))
    assert failure.reason == f"The data folder {tmp_path / 'photos'} is no longer there."
    assert "Put it back" in failure.advice


def test_a_single_file_that_is_gone_is_named(tmp_path: Path) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file", "photos/x.jpg")
    assert "photos/x.jpg" in failure_of(error, folder=tmp_path, settings=settings(tmp_path)).reason


@pytest.mark.parametrize("kind", [DataError, TrainingError, ImageError])
def test_our_own_errors_speak_for_themselves(kind: type[Exception], tmp_path: Path) -> None:
    sentence = "Expected a finite loss. Received: nan out of memory. Lower the learning rate."
    assert failure_of(kind(sentence), folder=tmp_path, settings=settings(tmp_path)).reason == sentence


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_of_ours_that_cannot_be_written_is_named_with_its_variable(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    for variable, ours in (("CONVSCOPE_CACHE", "cache"), ("CONVSCOPE_RUNS", "runs")):
        refused = OSError(number, "Not allowed", str(tmp_path / ours / "a" / "x.npy"))
        error = caused(TrainingError("Expected to write."), refused)
        failure = failure_of(error, folder=tmp_path / "runs" / "a", settings=settings(tmp_path))
        assert f"The folder {tmp_path / ours} cannot" in failure.reason
        assert variable in failure.advice
        assert "resume" in failure.advice


def test_a_photo_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/photos/x.jpg")
    failure = failure_of(error, folder=tmp_path, settings=settings(tmp_path))
    assert failure.reason == "/photos/x.jpg cannot be used (Permission denied)."


def test_a_diverged_run_is_not_advised_to_be_resumed_but_to_start_anew_or_finish(tmp_path: Path) -> None:
    error = DivergedError("Expected a loss that is a number. Received: nan.")
    advice = failure_of(error, folder=tmp_path, settings=settings(tmp_path)).advice
    assert "lower learning rate" in advice
    assert "resume the run" not in advice.lower()
    assert "finish" not in advice
    (tmp_path / "history.csv").touch()
    assert "finish this run" in failure_of(error, folder=tmp_path, settings=settings(tmp_path)).advice


def test_only_what_a_resume_can_mend_advises_one(tmp_path: Path) -> None:
    of_data = failure_of(DataError("One class is empty."), folder=tmp_path, settings=settings(tmp_path))
    of_settings = failure_of(TrainingError("Expected less."), folder=tmp_path, settings=settings(tmp_path))
    assert "Then resume the run" in of_data.advice
    assert "Then resume the run" not in of_settings.advice


def test_anything_else_is_told_by_type_and_message_with_the_log_named(tmp_path: Path) -> None:
    failure = failure_of(ZeroDivisionError("division\nby zero"), folder=tmp_path, settings={})
    assert failure.reason == "ZeroDivisionError: division by zero"
    assert len(failure_of(RuntimeError("graph " * 5000), folder=tmp_path, settings={}).reason) < 400
    assert "Memory ran out" in failure_of(MemoryError(), folder=tmp_path, settings={}).reason
    assert str(tmp_path / "log.txt") in failure.advice


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


def test_a_loss_that_is_no_number_is_the_reason_although_the_data_has_gone_since(tmp_path: Path) -> None:
    error = TrainingError("Expected a loss that is a number. Received: nan.")
    assert "nan" in failure_of(error, folder=tmp_path, settings=settings(tmp_path / "photos")).reason
