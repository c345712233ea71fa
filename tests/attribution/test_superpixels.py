"""Superpixels of pictures of every size and number of channels."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.attribution.superpixels import mean_colours, spread_error, spread_evenly, superpixels
from cnn_core.images.preprocessing import Preprocessing

PLAIN = Preprocessing(scale=(1.0,))
SHAPES = [(40, 30, 3), (28, 28, 1), (12, 9, 6), (6, 5, 3), (1, 1, 3), (1, 7, 1), (2, 2, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 40, 500])
def test_every_pixel_belongs_to_one_of_them_and_no_number_is_left_out(
    shape: tuple[int, ...], count: int
) -> None:
    random = np.random.default_rng(0).uniform(0, 255, (1, *shape)).astype(np.float32)
    for picture in (random, np.zeros_like(random), np.full_like(random, 255)):
        labels = superpixels(picture, PLAIN, count)
        assert labels.shape == shape[:2]
        assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
        assert np.array_equal(labels, superpixels(picture, PLAIN, count))


def test_one_superpixel_is_the_whole_picture() -> None:
    assert not superpixels(np.ones((1, 20, 20, 3), np.float32), PLAIN, 1).any()


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_they_follow_an_edge_of_colour(channels: int) -> None:
    picture = np.full((1, 30, 30, channels), 20, np.float32)
    picture[:, :, 13:] = 220
    labels = superpixels(picture, PLAIN, 9)
    assert not set(labels[:, :13].ravel()) & set(labels[:, 13:].ravel())


def test_the_scale_and_the_order_of_the_colours_make_no_difference() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1, 24, 24, 3)).astype(np.uint8)
    caffe = Preprocessing(scale=(1.0,), offset=(-103.9, -116.8, -123.7), channel_order="bgr")
    plain = superpixels(PLAIN.apply(pixels), PLAIN, 12)
    assert np.mean(superpixels(caffe.apply(pixels), caffe, 12) == plain) > 0.99


def test_mean_colours_and_spread_values_by_hand() -> None:
    labels = np.array([[0, 0, 1]])
    picture = np.float32([[[[1, 10], [3, 30], [7, 70]]]])
    np.testing.assert_array_equal(mean_colours(picture, labels)[0], [[[2, 20], [2, 20], [7, 70]]])
    np.testing.assert_array_equal(spread_evenly(np.array([4.0, -1.0]), labels), [[2, 2, -1]])
    # Errors of 1, 1 and 5 per pixel.
    assert spread_error(np.array([2.0, 5.0]), labels) == pytest.approx(np.sqrt(27 / 3))
