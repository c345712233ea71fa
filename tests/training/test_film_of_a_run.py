"""A run keeps the epochs that were named, and its whole film goes through one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_training import SIDE_PX, new_run, small

from cnn_core.cache.store import ResultStore
from cnn_core.datasets.splits import Splits
from cnn_core.feature_visualization import PatternParams
from cnn_core.images.decode import rgb_image
from cnn_core.models import loading as model_loading
from cnn_core.training.film import FilmProjector, FilmQuestion, film_epochs, film_explorer, film_frames

PHOTO = rgb_image(np.random.default_rng(4).integers(0, 256, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8))


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("preset", ["lecture_regularized", "photo_cnn", "transfer"])
def test_a_run_keeps_the_epochs_that_were_named_as_one_network(
    preset: str, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side_px = 32 if preset == "photo_cnn" else SIDE_PX
    config = small(preset=preset, epochs=3, film_frames=8, film_epochs=(0, 2, 3), input_size_px=side_px)
    run = new_run(config, splits, tmp_path / "run")
    run.run()
    assert film_epochs(run.folder.path) == (0, 2, 3)
    alone, opened = film_explorer(run.folder.path, ResultStore(None)), []
    layer = next(info.name for info in alone.layers("epoch_0000") if info.convolution)
    load = model_loading.load_model
    monkeypatch.setattr(model_loading, "load_model", lambda path: opened.append(path) or load(path))
    question = FilmQuestion(
        image=PHOTO, layer_name=layer, channel=0, class_index=1, params=PatternParams(steps=8)
    )
    projector = FilmProjector(run.folder.path, ResultStore(None))
    frames = list(film_frames(projector, (0, 2, 3), question))
    assert len(opened) == 1
    expected = alone.predict("epoch_0003", PHOTO).heads[0].scores
    np.testing.assert_allclose(frames[2].answer.scores, expected, rtol=1e-4, atol=1e-6)
    assert not np.array_equal(frames[0].answer.scores, frames[2].answer.scores)
