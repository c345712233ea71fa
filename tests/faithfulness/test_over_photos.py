"""Means over photos, and the intervals that say how sure they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_made_networks import ask, linear, photo

from cnn_core.errors import DataError, InvalidRequestError
from cnn_core.faithfulness.over_photos import (
    PhotoTournaments,
    bootstrap_interval,
    method_means,
    methods_named,
    photos_of,
)

SHAPE = (8, 8, 3)


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400)
    low, high = bootstrap_interval(values, 0)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 2 / np.sqrt(400), rel=0.1)
    assert bootstrap_interval(values, 0) == (low, high)
    assert bootstrap_interval(np.full(5, 0.25), 0) == (0.25, 0.25)


def test_each_photo_counts_alike_and_one_without_a_span_not_at_all() -> None:
    model = linear(SHAPE)
    own, far, black = (
        ask(model, "tournament", picture, steps=4, fill="black", randomization=False)
        for picture in (photo(SHAPE), 10 * photo(SHAPE), np.zeros((1, *SHAPE), np.float32))
    )
    found = PhotoTournaments(
        photos=("own", "far", "black"), classes=("a", "a", "a"), tournaments=(own, far, black)
    )
    means = {each.method: each for each in method_means(found)}
    assert black.span is None
    for method, mean in means.items():
        shares = [one.normalized_gap(method) for one in (own, far)]
        assert mean.photos == 2
        assert mean.mean == pytest.approx(np.mean(shares))
        assert mean.low == pytest.approx(min(shares), abs=1e-6)
        assert mean.high == pytest.approx(max(shares), abs=1e-6)
    assert means["random"].above_random == 0
    assert means["gradient_x_input"].above_random == 2
    assert method_means(PhotoTournaments(photos=("b",), classes=("a",), tournaments=(black,))) == ()


def test_a_limit_spreads_over_all_files_and_nothing_is_no_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(4):
            (tmp_path / name / f"{number}.png").touch()
    (tmp_path / "a" / "notes.txt").touch()
    assert len(photos_of([tmp_path])) == 8
    assert {path.parent.name for path in photos_of([tmp_path], 2)} == {"a", "b"}
    with pytest.raises(DataError, match="limit"):
        photos_of([tmp_path], 0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="Name a folder"):
        photos_of([tmp_path / "empty"])


def test_methods_are_named_by_their_keys_each_once() -> None:
    assert [each.key for each in methods_named(["saliency", "grad_cam", "saliency"])] == [
        "saliency",
        "grad_cam",
    ]
    with pytest.raises(InvalidRequestError, match="tea"):
        methods_named(["tea"])
