"""A run that is paused within an epoch keeps its steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_training import (
    BATCH,
    EVERYTHING,
    STEPS,
    TRAINING,
    assert_same,
    before_each_step,
    draw_splits,
    new_run,
    saved_checkpoint,
    small,
)

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled
from cnn_core.training.loop.finish import finish
from cnn_core.training.run_folder import PAUSED_FILE
from cnn_core.training.settings.config import TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.mark.parametrize(
    "config",
    [small(**EVERYTHING), small(preset="photo_cnn", input_size_px=32, **EVERYTHING)],
    ids=["stack", "with batch normalisation"],
)
def test_a_run_paused_within_epochs_loses_no_step_and_ends_exactly_where_an_uninterrupted_one_does(
    splits: Splits, tmp_path: Path, config: TrainingConfig
) -> None:
    whole = new_run(config, splits, tmp_path / "whole")
    whole.run()
    steps: list[int] = []
    for last in (1, STEPS + 3, 2 * STEPS + 2):  # in each epoch, between moves of the average
        run = new_run(config, splits, tmp_path / "paused")
        before_each_step(run, lambda number, _: steps.append(number))
        with pytest.raises(Cancelled):
            run.run(stopped=lambda last=last: len(steps) == last)
    end = new_run(config, splits, tmp_path / "paused")
    before_each_step(end, lambda number, _: steps.append(number))
    end.run()
    assert len(steps) == 3 * STEPS
    assert_same(saved_checkpoint(end), saved_checkpoint(whole))
    rows = [(row["epoch"], row["step"]) for row in end.folder.steps()]
    assert rows == sorted(set(rows))
    assert not (tmp_path / "paused" / PAUSED_FILE).exists()


def test_a_run_finished_after_a_pause_within_an_epoch_keeps_the_last_finished_one(
    splits: Splits, tmp_path: Path
) -> None:
    run, steps = new_run(small(), splits, tmp_path), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(Cancelled):
        run.run(stopped=lambda: len(steps) == STEPS + 1)
    again = new_run(small(), splits, tmp_path)
    for kept, trained in zip(again.weights_to_keep()[1], saved_checkpoint(run).weights, strict=False):
        np.testing.assert_array_equal(kept, trained)
    finish(again)
    assert not (tmp_path / PAUSED_FILE).exists()


def test_an_epoch_paused_with_other_pictures_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    splits = draw_splits(tmp_path / "data")
    run, steps = new_run(small(epochs=1), splits, tmp_path / "run"), []
    before_each_step(run, lambda number, _: steps.append(number))
    with pytest.raises(Cancelled):
        run.run(stopped=lambda: len(steps) == 2)
    fewer = replace(splits, training=splits.training.chosen(range(1, 2 * TRAINING)))
    again, repeated = new_run(small(epochs=1), fewer, tmp_path / "run"), []
    before_each_step(again, lambda number, _: repeated.append(number))
    again.run()
    assert "the epoch begins anew" in caplog.text
    assert len(repeated) == (2 * TRAINING - 1) // BATCH
