"""A run keeps the epochs that were named, and all of them are opened as one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_training import SIDE_PX, new_run, small

from cnn_core.datasets.splits import Splits
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("preset", ["lecture_regularized", "photo_cnn", "transfer"])
def test_a_run_keeps_the_epochs_that_were_named_as_one_network(
    preset: str, splits: Splits, tmp_path: Path
) -> None:
    side_px = 32 if preset == "photo_cnn" else SIDE_PX
    config = small(
        preset=preset, epochs=3, checkpoint_count=8, checkpoint_epochs=(0, 2, 3), input_size_px=side_px
    )
    new_run(config, splits, tmp_path / "run").run()
    store = ModelStore(tmp_path / "models", tmp_path)
    assert store.checkpoints("run") == (0, 2, 3)
    opened = [store.open(f"run@{epoch}") for epoch in (0, 2, 3)]
    assert [model.card.epoch for model in opened] == [0, 2, 3]
    assert len({id(model.probe.model) for model in opened}) == 1
    inputs = np.random.default_rng(4).random((1, side_px, side_px, 3), np.float32)
    found = [model.probe.scores(inputs)[0] for model in opened]
    alone = ModelStore(tmp_path / "run" / CHECKPOINTS_FOLDER).open("epoch_0003")
    np.testing.assert_allclose(found[2], alone.probe.scores(inputs)[0], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(found[0], found[2])
