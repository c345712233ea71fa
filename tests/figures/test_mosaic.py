"""Mosaics: one palette picture, cells where the tiling says, blank maps grey."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dashboard.figures.pictures.mosaic import (
    BLANK,
    FIRST_COLOUR,
    GAP,
    channel_mosaic,
    fitting_columns,
    map_indices,
    mosaic_indices,
    palette_png,
    tiling,
)

GREY = (220, 223, 220)


def maps(count: int = 6, side: int = 9) -> np.ndarray:
    values = np.random.default_rng(0).random((side, side, count)).astype(np.float32)
    values[..., 2] = 0
    return values


def test_the_picture_is_an_8_bit_palette_png_with_transparent_gaps():
    tiles = tiling(6, (9, 9))
    indices, colours = channel_mosaic(maps(), tiles, common=False, blank=GREY)
    with Image.open(io.BytesIO(palette_png(indices, colours))) as picture:
        assert picture.mode == "P"
        assert picture.size == tiles.size[::-1]
        rgba = np.asarray(picture.convert("RGBA"))
    top, left = tiles.corner(1)
    assert rgba[top, left - 1, 3] == 0
    assert rgba[top, left, 3] == 255


def test_a_map_that_is_zero_everywhere_is_grey():
    tiles = tiling(6, (9, 9))
    indices, colours = channel_mosaic(maps(), tiles, common=False, blank=GREY)
    top, left = tiles.corner(2)
    cell = indices[top : top + tiles.cell[0], left : left + tiles.cell[1]]
    assert (cell == BLANK).all()
    assert tuple(colours[BLANK]) == GREY


def test_small_maps_are_enlarged_without_smoothing():
    values = np.zeros((2, 2, 1), np.float32)
    values[0, 0] = 1
    tiles = tiling(1, (2, 2))
    picture = mosaic_indices(map_indices(values, None, signed=False), tiles)
    half = tiles.cell[0] // 2
    assert (picture[:half, :half] == 255).all()
    assert (picture[half:, :] == FIRST_COLOUR).all()


def test_every_map_uses_its_own_full_range_unless_the_scale_is_common():
    values = np.stack([np.eye(4), np.eye(4) * 10], axis=-1).astype(np.float32)
    own = map_indices(values, None, signed=False)
    assert own[..., 0].max() == own[..., 1].max() == 255
    tiles = tiling(2, (4, 4))
    indices, _ = channel_mosaic(values, tiles, common=True, blank=GREY)
    first = indices[: tiles.cell[0], : tiles.cell[1]]
    assert first.max() < 60


def test_signed_maps_put_zero_in_the_middle_of_the_palette():
    values = np.float32([[[-2.0, 0.5], [0.0, 0.0]], [[1.0, 0.25], [2.0, 0.1]]])
    indices = map_indices(values, None, signed=True)
    middle = FIRST_COLOUR + round((255 - FIRST_COLOUR) / 2)
    assert abs(int(indices[0, 1, 0]) - middle) <= 1


def test_large_maps_shrink_to_stay_below_the_size_limit():
    tiles = tiling(64, (150, 150))
    height, width = tiles.size
    assert height * width < 420_000


def test_colours_and_places_agree_on_the_sign_even_if_shrinking_averages_it_away():
    maps = np.ones((200, 200, 64), np.float32)
    maps[:, 100:] = 0
    maps[0, 0] = -0.5
    tiles = tiling(64, (200, 200))
    indices, colours = channel_mosaic(maps, tiles, common=False, blank=GREY)
    assert colours[indices[tiles.cell[0] // 2, tiles.cell[1] - 5]].min() > 235  # 0 is white


@pytest.mark.parametrize("shape", [(1000, 20), (20, 1000), (1, 500), (500, 1), (2, 3)])
@pytest.mark.parametrize("count", [1, 7, 256, 2048])
def test_very_long_maps_keep_the_mosaic_within_bounds(shape, count):
    tiles = tiling(count, shape)
    height, width = tiles.size
    assert height <= 1600
    assert width <= 1600
    assert height <= 4.5 * width


@pytest.mark.parametrize("shape", [(1000, 20, 7), (20, 1000, 7), (1, 500, 7), (500, 1, 1), (2, 3, 2048)])
def test_a_mosaic_is_as_large_as_its_tiling(shape):
    tiles = tiling(shape[2], shape[:2])
    maps = np.random.default_rng(1).random(shape).astype(np.float32)
    assert channel_mosaic(maps, tiles, common=False, blank=GREY)[0].shape == tiles.size


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (3, 3), (32, 8), (64, 8), (96, 12), (256, 16)])
def test_usual_channel_counts_fill_their_last_row(count, columns):
    assert fitting_columns(count) == columns


def test_gaps_are_drawn_between_cells_only():
    tiles = tiling(4, (9, 9), columns=2)
    picture = mosaic_indices(np.full((9, 9, 4), 200, np.uint8), tiles)
    assert (picture == GAP).sum() == tiles.size[0] * tiles.size[1] - 4 * tiles.cell[0] * tiles.cell[1]
