"""Finishing a run: it says how far it is, and leaves nothing where it is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_training import new_run, small

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled
from cnn_core.progress import Progress
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.loop import finish as finish_module
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.run import TrainingRun

pytestmark = pytest.mark.usefixtures("small_networks")


class Listener:
    """Takes note of what finishing tells, and stops it at the given call."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.told: list[tuple[object, float]] = []
        self._stop_at = stop_at

    def __call__(self, fraction: float, doing: object) -> None:
        self.told.append((doing, fraction))
        if len(self.told) == self._stop_at:
            raise Cancelled("Stopped as asked.")


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_finishing_stopped_anywhere_leaves_nothing_and_begins_again_and_says_how_far_it_is(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, listener = new_run(small(epochs=1), splits, tmp_path), Listener()
    run.run()
    before = contents(tmp_path)
    for stop_at in range(1, 6):
        with pytest.raises(Cancelled):
            finish(run, Progress(tell=Listener(stop_at)))
        assert contents(tmp_path) == before
    monkeypatch.setattr(finish_module, "BATCH", 5)  # two batches of each set of ten
    finish(run, Progress(tell=listener))
    assert contents(tmp_path) - before >= {"model/card.json", "predictions_test.npz"}
    assert [doing for doing, _ in listener.told] == [
        "Making the network",
        *["Answering the validation pictures"] * 2,
        *["Answering the test pictures"] * 2,
        *["Measuring the channels"] * 2,
        "Writing the network",
    ]
    assert [fraction for _, fraction in listener.told[1:]] == pytest.approx([k / 6 for k in range(7)])


def test_pictures_that_must_be_decoded_again_can_be_stopped_too(splits: Splits, tmp_path: Path) -> None:
    new_run(small(epochs=1), splits, tmp_path / "run").run()
    again = TrainingRun(small(epochs=1), splits, tmp_path / "run", DecodedPictures(tmp_path / "emptied"))
    listener = Listener(1)
    with pytest.raises(Cancelled):
        finish(again, Progress(tell=listener))
    assert listener.told[0][0] == "Decoding the pictures once"
    assert list((tmp_path / "emptied").iterdir()) == []
