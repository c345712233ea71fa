"""A known set is made once, whole or not at all, as class folders that can be trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_core.datasets import known_sets
from cnn_core.datasets.known_sets import known_set, made, mnist_from
from cnn_core.datasets.splits import read_splits
from cnn_core.errors import Cancelled, DataError
from cnn_core.progress import Progress


def npz(path: Path, **changes: np.ndarray) -> Path:
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.integers(0, 256, (20, 28, 28), np.uint8), "y_train": np.arange(20) % 10,
              "x_test": rng.integers(0, 256, (10, 28, 28), np.uint8), "y_test": np.arange(10)}  # fmt: skip
    np.savez(path, **(arrays | changes))
    return path


def test_mnist_becomes_grey_pictures_in_a_folder_per_digit(tmp_path: Path) -> None:
    file = npz(tmp_path / "mnist.npz")
    mnist_from(file, tmp_path / "mnist")
    splits = read_splits(replace(known_set("mnist").source(tmp_path), validation=1))
    assert splits.classes == tuple("0123456789")
    assert splits.test is not None
    assert (len(splits.training.paths), len(splits.test.paths)) == (10, 10)
    picture = np.asarray(Image.open(tmp_path / "mnist/test/7/00008.png"))
    np.testing.assert_array_equal(picture, np.load(file)["x_test"][7])


@pytest.mark.parametrize(
    "changes",
    [{"x_test": np.zeros((10, 28), np.uint8)}, {"y_test": np.arange(10) + 1}],
    ids=["shape", "label"],
)
def test_another_file_is_refused_and_leaves_nothing(tmp_path: Path, changes: dict[str, np.ndarray]) -> None:
    file = npz(tmp_path / "mnist.npz", **changes)
    with pytest.raises(DataError, match=r"mnist\.npz.*Received: test pictures"):
        mnist_from(file, tmp_path / "mnist")
    with pytest.raises(DataError, match="Received: FileNotFoundError"):
        mnist_from(tmp_path / "none.npz", tmp_path / "mnist")
    assert list(tmp_path.iterdir()) == [file]


def test_lines_are_drawn_once_and_a_stopped_drawing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_sets, "LINE_SETS", {"train": (2, 1), "validation": (1, 2), "test": (1, 3)})
    lines = known_set("lines")
    with pytest.raises(Cancelled):
        made(lines, tmp_path, Progress(cancelled=lambda: True))
    assert list(tmp_path.iterdir()) == []
    folder = made(lines, tmp_path)
    splits = read_splits(lines.source(tmp_path))
    assert [len(files.paths) for _, files in splits.items()] == [192, 96, 96]
    before = folder.stat().st_mtime_ns
    assert made(lines, tmp_path) == folder
    assert folder.stat().st_mtime_ns == before


def test_an_unknown_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"mnist, lines.*Received: 'cifar'"):
        known_set("cifar")
