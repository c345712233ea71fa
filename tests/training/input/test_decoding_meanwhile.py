"""Pictures are decoded beside something else, once, and what is wrong is told by whoever opens them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from tiny_training import SIDE_PX

from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, ImageError
from cnn_core.progress import SILENT, Progress
from cnn_core.training.input.pictures import DecodedPictures, decoding_meanwhile


def test_they_are_there_after_the_wait_and_are_not_decoded_again(splits: Splits, tmp_path: Path) -> None:
    wanted = [(splits.training, SIDE_PX), (splits.validation, SIDE_PX)]
    with decoding_meanwhile(wanted, tmp_path) as wait:
        wait(SILENT)
        made = {path: path.stat().st_ino for path in tmp_path.glob("*.npy")}
    assert len(made) == 2
    pixels = DecodedPictures(tmp_path).of(*wanted[0])
    assert {path: path.stat().st_ino for path in tmp_path.glob("*.npy")} == made
    expected = DecodedPictures(tmp_path / "alone").of(*wanted[0])
    np.testing.assert_array_equal(pixels, expected)


def test_who_stops_waiting_ends_the_decoding_and_leaves_nothing_half_done(
    splits: Splits, tmp_path: Path
) -> None:
    with (
        pytest.raises(Cancelled),
        decoding_meanwhile([(splits.training, 2000)], tmp_path) as wait,
    ):
        wait(Progress(cancelled=lambda: True))
    assert not [thread for thread in threading.enumerate() if thread.name == "decoding"]
    assert not [path for path in tmp_path.glob(".*")]


def test_a_damaged_picture_is_told_when_it_is_opened(splits: Splits, tmp_path: Path) -> None:
    damaged = splits.validation.paths[0]
    content = damaged.read_bytes()
    damaged.write_bytes(b"no picture")
    try:
        with decoding_meanwhile([(splits.validation, SIDE_PX)], tmp_path) as wait:
            wait(SILENT)
        with pytest.raises(ImageError, match=damaged.name):
            DecodedPictures(tmp_path).of(splits.validation, SIDE_PX)
    finally:
        damaged.write_bytes(content)
