"""What a run leaves on disk can be read at any moment, also after a power cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnn_core.errors import TrainingError
from cnn_core.files import read_json
from cnn_core.training import run_folder
from cnn_core.training.run_folder import Checkpoint, RunFolder, read_rows
from cnn_core.training.run_status import change_state, read_status

HEADER = "epoch,step,steps,loss,accuracy,images_per_second\n"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "first")


def step(epoch: int, number: int) -> dict[str, float]:
    row = {"epoch": epoch, "step": number, "steps": 8}
    return row | {"loss": 0.5, "accuracy": 0.75, "images_per_second": 100}


def checkpoint(epochs: int = 1, count: int = 12) -> Checkpoint:
    """With more than ten arrays each, whose names must not be sorted as words."""
    return Checkpoint(
        history=[{"epoch": float(epoch), "loss": 1 / epoch} for epoch in range(1, epochs + 1)],
        step=7,
        weights=[np.full((2, 3), number, np.float32) for number in range(count)],
        average=[np.full(4, -number, np.float32) for number in range(count)],
        optimizer=[np.asarray(5, np.int64), *(np.full(2, number / 2) for number in range(count))],
        best=[np.full((2, 3), 10.0 * number, np.float32) for number in range(count)],
        classes=("cats", "größe"),
        pictures="a1b2",
    )


# ---- Checkpoints ----


@pytest.mark.parametrize("kept_share", [0.5, 0.0])
def test_a_damaged_checkpoint_is_told_with_what_to_do(folder: RunFolder, kept_share: float) -> None:
    folder.save(checkpoint())
    path = folder.path / "checkpoint.npz"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept_share * len(content))])
    with pytest.raises(TrainingError, match="delete the file"):
        folder.load()


def test_a_checkpoint_comes_back_as_it_was_saved(folder: RunFolder) -> None:
    saved = checkpoint(2)
    folder.save(saved)
    found = folder.load()
    assert found is not None
    assert (found.history, found.step) == (saved.history, 7)
    assert (found.classes, found.pictures) == (("cats", "größe"), "a1b2")
    for group in ("weights", "average", "optimizer", "best"):
        for a, b in zip(getattr(found, group), getattr(saved, group), strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
    assert folder.history() == saved.history


def test_a_run_without_averages_has_none_in_its_checkpoint(folder: RunFolder) -> None:
    folder.save(Checkpoint(history=[], step=0, weights=[np.ones(1)], average=[], optimizer=[], best=[]))
    found = folder.load()
    assert found is not None
    assert (found.average, found.optimizer, found.history) == ([], [], [])


def test_a_new_folder_has_nothing_to_say(folder: RunFolder) -> None:
    assert folder.path.is_dir()
    assert folder.load() is None
    assert (read_status(folder.path), folder.history(), folder.steps(), folder.title()) == ({}, [], [], None)
    folder.cut_steps(0)
    assert list(folder.path.iterdir()) == []


def test_a_process_that_ends_while_it_saves_leaves_the_checkpoint_before(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(checkpoint(1))
    (folder.path / ".checkpoint.99-1.npz").write_bytes(b"PK\x03\x04 half")  # by a process that was killed
    write = np.savez

    def half(path: Path, *rest: object, **arrays: object) -> None:
        write(path, *rest, **arrays)
        path.write_bytes(path.read_bytes()[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder.np, "savez", half)
    with pytest.raises(KeyboardInterrupt):
        folder.save(checkpoint(2))
    found = folder.load()
    assert found is not None
    assert len(found.history) == len(folder.history()) == 1
    names = [".checkpoint.99-1.npz", "checkpoint.npz", "history.csv"]
    assert sorted(path.name for path in folder.path.iterdir()) == names


# ---- Tables ----


def test_rows_of_an_epoch_that_was_not_finished_are_cut(folder: RunFolder) -> None:
    written = [step(epoch, 4) for epoch in (1, 2, 3)]
    for row in written:
        folder.add_step(row)
    assert folder.steps() == written
    folder.cut_steps(2)
    assert folder.steps() == written[:2]
    folder.add_step(step(3, 4))
    assert (folder.path / "steps.csv").read_text().count("epoch") == 1
    assert [row["epoch"] for row in folder.steps()] == [1, 2, 3]


@pytest.mark.parametrize("end", ["2,8", "2,8,8,0.4,0.", "2,", "2,8,8,0.4,0.7,90\n2,8,8,0.4,0.8,", "\0\0\0\0"])
def test_a_last_line_that_was_cut_off_is_left_out_and_gone_after_the_next_start(
    folder: RunFolder, end: str
) -> None:
    folder.add_step(step(1, 8))
    with (folder.path / "steps.csv").open("a") as file:
        file.write(end)
    assert folder.steps()[0] == step(1, 8)
    assert all(len(row) == 6 for row in folder.steps())
    folder.cut_steps(1)
    folder.add_step(step(2, 4))
    assert folder.steps() == [step(1, 8), step(2, 4)]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"epoch", b'"' + b"9" * 200_000])
def test_a_table_that_is_none_has_no_rows(folder: RunFolder, content: bytes) -> None:
    for name in ("steps.csv", "history.csv"):
        (folder.path / name).write_bytes(content)
    assert (folder.steps(), folder.history()) == ([], [])


def test_a_cell_without_a_number_is_not_a_number_and_a_line_without_its_end_is_left_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("epoch,loss\r\n1,\r\n2,0.5\r\n3,0.2")
    first, second = read_rows(path)
    assert np.isnan(first["loss"])
    assert second == {"epoch": 2.0, "loss": 0.5}


# ---- Status ----


def test_the_status_has_the_state_the_facts_and_the_time(folder: RunFolder) -> None:
    change_state(folder.path, "running", epoch=3, loss=0.25, doing="Training")
    status = read_status(folder.path)
    assert (status["state"], status["epoch"], status["loss"]) == ("running", 3, 0.25)
    assert status["time"] > 1.6e9
    change_state(folder.path, "finishing")
    assert set(read_status(folder.path)) == {"state", "time", "epoch", "loss"}  # what is known stays


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", '"word"'])
def test_a_json_file_that_is_no_object_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    assert read_json(tmp_path / "status.json") == {}


def test_the_title_is_that_of_the_settings_file(folder: RunFolder) -> None:
    (folder.path / "config.json").write_text('{"title": "Owls"}')
    assert folder.title() == "Owls"
    (folder.path / "config.json").write_text('{"title": ""}')
    assert folder.title() is None
