"""Steps while the pictures are still decoded: they wait for their own only, and change nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_training import BATCH, assert_same, before_each_step, new_run, saved_checkpoint, small

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, ImageError
from cnn_core.training.input import pixel_cache
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.input.pipeline import epoch_order
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_folder import PAUSED_FILE

pytestmark = pytest.mark.usefixtures("small_networks")

SECONDS = 30

Square = Callable[[Path, int], NDArray[np.uint8]]


@pytest.fixture
def run(splits: Splits, tmp_path: Path) -> TrainingRun:
    """A run whose pictures nobody has decoded yet."""
    return TrainingRun(small(epochs=1), splits, tmp_path / "run", DecodedPictures(tmp_path / "pixels"))


def later_ones(run: TrainingRun, batches: int) -> set[Path]:
    """The training pictures that the first so many batches do without."""
    paths = run.splits.training.paths
    order = epoch_order((run.config.seed, 0), len(paths))
    return {paths[number] for number in order[batches * BATCH :]}


def decode_by(monkeypatch: pytest.MonkeyPatch, before: Callable[[Path], object]) -> None:
    """Call ``before`` with each file that is to be decoded, each by itself."""
    monkeypatch.setattr(pixel_cache, "DECODED_AT_ONCE", 1)
    square: Square = pixel_cache._square

    def slow(path: Path, size_px: int) -> NDArray[np.uint8]:
        before(path)
        return square(path, size_px)

    monkeypatch.setattr(pixel_cache, "_square", slow)


def test_the_first_step_waits_for_its_own_pictures_only_and_the_result_is_the_same_to_the_bit(
    run: TrainingRun, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped, late = threading.Event(), later_ones(run, 1)
    decode_by(monkeypatch, lambda path: path not in late or stepped.wait(SECONDS) or pytest.fail("no step"))
    before_each_step(run, lambda *_: stepped.set())
    run.run()
    decoded_before = new_run(small(epochs=1), splits, tmp_path / "other")
    decoded_before.run()
    assert_same(saved_checkpoint(run), saved_checkpoint(decoded_before))


def test_a_run_can_be_stopped_before_the_first_batch_is_there(
    run: TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode_by(monkeypatch, lambda _: run._pictures._closed.wait(SECONDS))
    with pytest.raises(Cancelled):
        run.run(lambda: True)
    assert list((tmp_path / "pixels").glob("*")) == []
    assert run.folder.load() is None
    assert not (run.folder.path / PAUSED_FILE).exists()


def test_a_run_stopped_while_a_batch_waits_for_its_pictures_keeps_the_steps_before(
    run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, late, steps = threading.Event(), later_ones(run, 2), []

    def decoded_late(path: Path) -> None:
        if path in late:
            asked.wait(SECONDS)
            time.sleep(0.5)  # so that every batch that waits has asked whether to stop

    decode_by(monkeypatch, decoded_late)
    before_each_step(run, lambda number, _: steps.append(number))

    def stopped() -> bool:
        if len(steps) == 2 and threading.current_thread() is not threading.main_thread():
            asked.set()
        return asked.is_set() and threading.current_thread() is not threading.main_thread()

    with pytest.raises(Cancelled):
        run.run(stopped)
    assert steps == [1, 2]
    with np.load(run.folder.path / PAUSED_FILE) as kept:
        assert kept["step"] == 2


def test_a_picture_that_breaks_while_steps_are_trained_ends_the_run_with_its_name(
    run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = later_ones(run, 1)

    def broken(path: Path) -> None:
        if path in late:
            raise ImageError(f"{path}: broken")

    decode_by(monkeypatch, broken)
    with pytest.raises(ImageError, match=r"train.*png: broken"):
        run.run()
