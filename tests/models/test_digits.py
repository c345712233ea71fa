"""The network for written digits that comes with the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnn_core import open_image
from cnn_core.analysis import Request
from cnn_core.cache.store import ResultStore
from cnn_core.explorer import Explorer
from cnn_core.images.decode import with_channels
from cnn_core.models.store import ModelStore
from cnn_core.prediction import PREDICTION

BATCH = 500


@pytest.mark.parametrize("name", ["two", "three", "four", "five", "seven", "nine"])
def test_it_reads_the_sample_digits(project_root: Path, sample_images: Path, name: str) -> None:
    explorer = Explorer(ModelStore(project_root / "models"), ResultStore(None))
    image = open_image(sample_images / "mnist" / f"{name}.png")
    (head,) = explorer.run(PREDICTION, Request(model_key="digits", image=image)).heads
    expected = {"two": "2", "three": "3", "four": "4", "five": "5", "seven": "7", "nine": "9"}[name]
    assert head.class_names[head.best] == expected


@pytest.mark.needs_data
def test_it_is_right_about_most_of_the_test_set(project_root: Path, data_folder: Path) -> None:
    """Row E2: 0.993 at least, of the 10,000 pictures that nothing was chosen by."""
    file = data_folder / "mnist" / "mnist.npz"
    if not file.is_file():
        pytest.skip("no mnist.npz")
    with np.load(file) as saved:
        x, y = saved["x_test"], saved["y_test"]
    model = ModelStore(project_root / "models").open("digits")
    right = 0
    for start in range(0, len(x), BATCH):
        pixels = with_channels(np.repeat(x[start : start + BATCH, ..., None], 3, axis=-1), 1)
        (scores,) = model.probe.scores(model.card.preprocessing.apply(pixels))
        right += int((scores.argmax(axis=1) == y[start : start + BATCH]).sum())
    assert right / len(x) >= 0.993
