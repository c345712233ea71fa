"""Overlays: half-pixel centres, edges that run on, and a photo that stays itself at opacity 0."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.images.fitted_map import fit_to_image
from dashboard.figures.pictures.overlay import overlay, overlay_scale, thinness

PHOTO = np.random.default_rng(2).integers(0, 256, (60, 60, 3)).astype(np.uint8)


@pytest.mark.parametrize("cell", [1, 2, 3])
def test_a_delta_keeps_its_centroid(cell):
    values = np.zeros((6, 6), np.float32)
    values[2, cell] = 1
    stretched = fit_to_image(values, (0, 0, 60, 60), (60, 60), (60, 60))
    rows, columns = np.mgrid[:60, :60]
    centroid = (stretched * columns).sum() / stretched.sum(), (stretched * rows).sum() / stretched.sum()
    assert centroid == pytest.approx(((cell + 0.5) * 10 - 0.5, (2 + 0.5) * 10 - 0.5), abs=1e-3)


def test_a_map_lies_where_its_extent_says_and_its_edges_run_on():
    values = np.float32([[1, 2], [3, 4]])
    stretched = fit_to_image(values, (20, 20, 40, 40), (60, 60), (60, 60))
    assert (stretched[:20, :20] == 1).all()
    assert (stretched[40:, 40:] == 4).all()
    assert (stretched[20:25, 20:25] == 1).all()
    assert stretched[25, 24] > 1


def test_the_result_can_be_larger_than_the_model_input():
    values = np.arange(9, dtype=np.float32).reshape(3, 3)
    small = fit_to_image(values, (0, 0, 30, 30), (30, 30), (30, 30))
    large = fit_to_image(values, (0, 0, 30, 30), (30, 30), (300, 300))
    blocks = large.reshape(30, 10, 30, 10).mean(axis=(1, 3))
    assert np.abs(blocks - small).max() < 0.06


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_maps_one_cell_wide_are_stretched_too(shape):
    assert np.isfinite(fit_to_image(np.ones(shape, np.float32), (0, 0, 60, 60), (60, 60), (60, 60))).all()


@pytest.mark.parametrize("signed", [True, False])
def test_opacity_0_gives_the_photos_own_bytes(signed):
    values = np.random.default_rng(3).normal(size=(60, 60)).astype(np.float32)
    drawn = overlay(PHOTO, values, scale=overlay_scale(values, signed=signed), opacity=0)
    assert drawn.tobytes() == PHOTO.tobytes()


def test_a_blank_map_leaves_the_photo_as_it_is():
    values = np.zeros((60, 60), np.float32)
    drawn = overlay(PHOTO, values, scale=overlay_scale(values, signed=True), opacity=1)
    assert drawn.tobytes() == PHOTO.tobytes()


def test_a_signed_overlay_is_symmetric_around_zero():
    grey = np.full((2, 2, 3), 128, np.uint8)
    values = np.float32([[1, -1], [0.5, -0.5]])
    scale = overlay_scale(values, signed=True)
    drawn = overlay(grey, values, scale=scale, opacity=1).astype(int)
    assert drawn[0, 0, 0] > drawn[0, 0, 2]
    assert drawn[0, 1, 2] > drawn[0, 1, 0]
    assert scale.low == -scale.high


def test_the_photo_is_never_written_to():
    before = PHOTO.tobytes()
    values = np.ones((60, 60), np.float32)
    overlay(PHOTO, values, scale=overlay_scale(values, signed=False), opacity=0.7)
    assert PHOTO.tobytes() == before


def test_beneath_a_thin_map_the_photo_is_dark_and_grey_so_that_single_places_stand_out():
    photo = np.full((50, 50, 3), (240, 120, 40), np.uint8)
    spot = np.zeros((50, 50), np.float32)
    spot[20, 20] = 1
    broad = np.linspace(0, 1, 2500, dtype=np.float32).reshape(50, 50)
    over_spot, over_broad = (
        overlay(photo, values, scale=overlay_scale(values, signed=False), opacity=0.75)
        for values in (spot, broad)
    )
    quiet = over_spot[40, 40].astype(int)
    assert quiet.max() < 200
    assert np.ptp(quiet) < np.ptp(photo[0, 0].astype(int)) / 2
    assert np.abs(over_spot[20, 20].astype(int) - quiet).max() > 100
    np.testing.assert_array_equal(over_broad[0, 0], photo[0, 0])  # nothing there, and nothing changed
    assert thinness(spot) > 0.9
    assert thinness(broad) == thinness(np.zeros((3, 3), np.float32)) == 0
