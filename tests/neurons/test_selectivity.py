"""Derived figures against answers that can be written down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from indexed_networks import SIDE, Album

from cnn_core.neurons.indexing import index_photos
from cnn_core.neurons.photo_index import PhotoIndex
from cnn_core.neurons.selectivity import (
    class_auc,
    class_selectivity,
    fires_for_every_class,
    never_fires,
    redundant_pairs,
    silent_classes,
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> PhotoIndex:
    """Photos of one grey each. Channel 0 is the grey, 1 is 100 less the grey, 2 never fires."""
    greys = {"a/1": 30, "a/2": 10, "b/1": 90, "b/2": 30, "c/1": 200, "c/2": 0}
    album = Album({name: np.full((SIDE, SIDE), grey) for name, grey in greys.items()})
    return index_photos(album.model(), album.as_set(), tmp_path_factory.mktemp("index"))


def test_selectivity_compares_the_best_class_with_the_mean_of_the_others(index: PhotoIndex) -> None:
    found = class_selectivity(index.channels("conv").class_mean)
    # Means of channel 0: a 20, b 60, c 100; of channel 1: a 80, b 40, c 50 (a hundred and nothing).
    np.testing.assert_allclose(found, [(100 - 40) / 140, (80 - 45) / 125, 0], rtol=1e-5)


def test_a_channel_of_one_class_has_selectivity_1_and_one_class_alone_has_none() -> None:
    assert class_selectivity(np.array([[0.0, 3.0], [2.0, 2.0]])).tolist() == [1, 0]
    assert class_selectivity(np.array([[3.0]])).tolist() == [0]


def test_auc_counts_pairs_and_ties_by_half(index: PhotoIndex) -> None:
    found = class_auc(index.class_histograms("conv"))
    # Of a (30, 10) against (90, 30, 200, 0): 30 wins once and ties once, 10 wins once: 2.5 of 8.
    # Of b (90, 30) against (30, 10, 200, 0): 3 and 2.5 of 8; of c (200, 0) against (30, 10, 90, 30): 4 of 8.
    np.testing.assert_allclose(found[0], [2.5 / 8, 5.5 / 8, 4 / 8])
    # Channel 1: a 70, 90; b 10, 70; c 0, 100. In the same bin: 70 and 70 only.
    np.testing.assert_allclose(found[1], [(2.5 + 3) / 8, (1 + 1.5) / 8, 4 / 8])
    np.testing.assert_allclose(found[2], 0.5)
    assert class_auc(np.ones((1, 1, 4), int)).tolist() == [[0.5]]


def test_silent_channels_and_those_that_fire_for_all(index: PhotoIndex) -> None:
    figures = index.channels("conv")
    assert never_fires(figures.images_fire).tolist() == [False, False, True]
    assert fires_for_every_class(figures.class_fires, 0.4).tolist() == [True, True, False]
    assert fires_for_every_class(figures.class_fires, 0.5).tolist() == [False, False, False]


def test_classes_for_which_nothing_fires_are_named() -> None:
    assert silent_classes(np.array([[0.0, 0.5, 0.1], [0.0, 0.0, 1.0]])) == (0,)
    assert silent_classes(np.array([[0.0, 0.5, 0.1], [0.0, 0.0, 1.0]]), 0.6) == (0, 1)


def test_redundant_pairs_come_closest_first_and_once() -> None:
    correlations = np.float32([[1, 0.99, -1], [0.99, 1, 0.96], [-1, 0.96, 1]])
    found = redundant_pairs(correlations)
    assert [(pair.first, pair.second) for pair in found] == [(0, 1), (1, 2)]
    assert found[0].correlation == pytest.approx(0.99)
    assert len(redundant_pairs(correlations, most=1)) == 1


def test_channels_that_say_the_same_are_found_in_an_index(tmp_path: Path) -> None:
    photos = {f"a/{grey}": np.full((SIDE, SIDE), grey) for grey in (0, 20, 50, 90)}
    album = Album(photos)
    found = index_photos(album.model(), album.as_set(), tmp_path).correlations("conv")
    assert found is not None
    assert found[0, 1] == pytest.approx(-1)
    assert redundant_pairs(-found) != ()
    assert redundant_pairs(found) == ()
