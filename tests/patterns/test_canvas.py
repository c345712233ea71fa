"""The canvas: waves, colours, and a torus."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.feature_visualization.engine.optimizer import Schedule, chunk_ends
from cnn_core.feature_visualization.engine.parameterization import Canvas, CanvasStyle, frequencies, hartley
from cnn_core.images.preprocessing import Preprocessing

STYLE = CanvasStyle(decay=1.0, colour=1.0)


def canvas(channels: int = 3, preprocessing: Preprocessing | None = None) -> Canvas:
    return Canvas((12, 10), channels, preprocessing or Preprocessing(), STYLE)


@pytest.mark.parametrize("side", [1, 2, 7, 8])
def test_the_hartley_transform_is_its_own_inverse(side: int) -> None:
    np.testing.assert_allclose(hartley(side) @ hartley(side), np.eye(side), atol=1e-12)


def test_waves_come_with_their_frequency() -> None:
    np.testing.assert_allclose(frequencies(4), [0, 0.25, 0.5, 0.25])


def test_blank_coefficients_paint_mid_grey() -> None:
    blank = np.zeros((1, 3, 12, 10), np.float32)
    painted = np.asarray(canvas().pictures(blank, np.arange(12), np.arange(10)))
    np.testing.assert_allclose(painted, 0.5)


def test_pictures_stay_inside_the_range_of_the_preprocessing_per_channel() -> None:
    caffe = Preprocessing(scale=(1.0,), offset=(-103.9, -116.8, -123.7), channel_order="bgr")
    loud = 1e3 * np.random.default_rng(0).normal(size=(2, 3, 12, 10)).astype(np.float32)
    painted = np.asarray(canvas(preprocessing=caffe).pictures(loud, np.arange(12), np.arange(10)))
    low, high = caffe.bounds()
    assert (painted >= low - 1e-3).all()
    assert (painted <= high + 1e-3).all()
    assert np.ptp(painted) > 200


def test_moved_rows_paint_the_same_picture_moved_around_the_torus() -> None:
    noise = canvas().start([[0]])
    still = np.asarray(canvas().pictures(noise, np.arange(12), np.arange(10)))
    moved = np.asarray(canvas().pictures(noise, (np.arange(12) + 5) % 12, (np.arange(10) + 3) % 10))
    np.testing.assert_allclose(moved, np.roll(still, (-5, -3), axis=(1, 2)), atol=1e-5)


def test_contrast_is_the_quadratic_mean_of_what_is_painted() -> None:
    plain = Canvas((12, 10), 1, Preprocessing(), STYLE)
    noise = plain.start([[0], [1]])
    painted = np.asarray(plain.pictures(noise, np.arange(12), np.arange(10)), np.float64)
    unsquashed = np.log(painted / (1 - painted))
    np.testing.assert_allclose(
        np.asarray(plain.contrast(noise)).ravel(), np.sqrt((unsquashed**2).mean(axis=(1, 2, 3))), rtol=1e-3
    )


def test_grey_and_four_channel_pictures_keep_their_channels_apart() -> None:
    for channels in (1, 4):
        np.testing.assert_array_equal(canvas(channels).colours, np.eye(channels))


def test_blue_first_mixes_the_same_colours_in_reverse() -> None:
    reverse = canvas(preprocessing=Preprocessing(channel_order="bgr")).colours
    np.testing.assert_array_equal(reverse, canvas().colours[::-1, ::-1])


def test_a_start_depends_on_its_own_seed_only() -> None:
    np.testing.assert_array_equal(canvas().start([[0, 1], [0, 7]])[1], canvas().start([[0, 7]])[0])


@pytest.mark.parametrize("steps", [1, 8, 20])
def test_steps_add_up_to_the_travel(steps: int) -> None:
    rows, columns, lengths = Schedule(steps=steps, seed=0, play_px=(12, 10), travel=6.0).arrays((12, 10))
    assert rows.shape == (steps, 12)
    assert columns.shape == (steps, 10)
    assert lengths.sum() == pytest.approx(6)
    assert chunk_ends(steps)[-1] == steps


def test_without_jitter_the_picture_stays() -> None:
    rows, _, _ = Schedule(steps=5, seed=3, play_px=(0, 0), travel=1.0).arrays((12, 10))
    np.testing.assert_array_equal(rows, np.tile(np.arange(12), (5, 1)))
