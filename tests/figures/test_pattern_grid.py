"""Patterns and kernels: facts with their channel, dead ones reported as dead."""

from __future__ import annotations

import numpy as np

from cnn_core.results import FilterPatterns
from dashboard.figures.pictures.pattern_grid import (
    growth_pixels,
    kernel_grid_figure,
    kernel_pixels,
    mosaic_pixels,
    pattern_grid_figure,
    picture_tiling,
    row_pixels,
)
from dashboard.figures.theme import LIGHT, rgb


def patterns() -> FilterPatterns:
    generator = np.random.default_rng(5)
    return FilterPatterns(
        layer_name="conv",
        channels=np.array([4, 7, 9]),
        patterns=generator.integers(0, 256, (3, 16, 16, 3)).astype(np.uint8),
        scores=np.float32([5, 0, 2]),
        history=np.zeros((3, 3), np.float32),
        z_scores=np.float32([12.5, 0, -1]),
        has_z_scores=True,
        exceeds_dataset_maximum=np.array([True, False, False]),
        active=np.array([True, False, True]),
        growth=generator.integers(0, 256, (2, 3, 16, 16, 3)).astype(np.uint8),
        growth_steps=np.array([0, 2]),
    )


def test_hover_and_click_name_the_channel_not_the_place():
    figure, _ = pattern_grid_figure(patterns(), selected=0, theme=LIGHT)
    markers = figure.data[1]
    assert list(markers.customdata) == [4, 7, 9]
    assert "Channel 4" in markers.text[0]
    assert "strength 12.5" in markers.text[0]
    assert "beats every held-out photo" in markers.text[0]


def test_a_dead_channel_is_called_dead_and_not_drawn_as_noise():
    from dashboard.figures.pictures.pattern_grid import _with_dead_marked

    figure, _ = pattern_grid_figure(patterns(), selected=None, theme=LIGHT)
    assert "dead" in figure.data[1].text[1]
    marked = _with_dead_marked(patterns(), LIGHT)
    assert (marked[1].reshape(-1, 3) == rgb(LIGHT.blank)).all(axis=1).mean() > 0.7
    assert np.array_equal(marked[0], patterns().patterns[0])


def test_a_kernel_of_zeros_is_middle_grey_and_zero_stays_grey_in_others():
    kernels = np.zeros((2, 3, 3, 3), np.float32)
    kernels[1, 0, 0, 0] = -0.2
    pixels = kernel_pixels(kernels)
    assert set(np.unique(pixels[0])) == {128}
    assert pixels[1, 0, 0, 0] == 0
    assert pixels[1, 1, 1, 1] == 128


def test_kernels_are_enlarged_in_whole_squares():
    kernels = np.random.default_rng(6).normal(size=(32, 3, 3, 3)).astype(np.float32)
    figure, tiles = kernel_grid_figure(kernels, selected=None, theme=LIGHT)
    assert tiles.cell[0] % 3 == 0
    assert len(figure.data[1].x) == 32


def test_gaps_between_pictures_are_transparent():
    tiles = picture_tiling(4, (16, 16))
    canvas = mosaic_pixels(np.full((4, 16, 16, 3), 9, np.uint8), tiles)
    assert (canvas[..., 3] == 0).sum() > 0
    assert (canvas[: tiles.cell[0], : tiles.cell[1], 3] == 255).all()


def test_growth_gives_one_picture_per_frame_of_the_asked_pattern():
    frames = growth_pixels(patterns().growth, 1, side_px=16)
    assert len(frames) == 2
    assert np.array_equal(frames[1], patterns().growth[1, 1])


def test_pictures_in_a_row_stay_themselves():
    pictures = [np.full((8, 9, 3), shade, np.uint8) for shade in (10, 20, 30)]
    row = row_pixels(pictures, 2)
    assert row.shape == (2 * 8 + 12, 2 * 9 + 12, 4)
    assert (row[:8, :9, :3] == 10).all()
    assert (row[20:, :9, :3] == 30).all()
    assert (row[:, 9:21, 3] == 0).all()
