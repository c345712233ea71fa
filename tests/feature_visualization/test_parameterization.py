"""The parameterization of images: a basis, colours, and a torus; and the steps taken in it."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.feature_visualization.engine.optimizer import GradientAscent
from cnn_core.feature_visualization.engine.parameterization import Parameterization, frequencies, hartley
from cnn_core.feature_visualization.engine.transforms import Jitter
from cnn_core.images.preprocessing import Preprocessing

CAFFE = Preprocessing(scale=(1.0,), offset=(-103.9, -116.8, -123.7), channel_order="bgr")
SIZE = (12, 10)


def parameterization(
    channels: int = 3, preprocessing: Preprocessing | None = None, **values
) -> Parameterization:
    return Parameterization(
        size_px=SIZE, channels=channels, preprocessing=preprocessing or Preprocessing(), **values
    )


@pytest.mark.parametrize("side", [1, 2, 7, 8])
def test_the_hartley_transform_is_its_own_inverse(side: int) -> None:
    np.testing.assert_allclose(hartley(side) @ hartley(side), np.eye(side), atol=1e-12)


def test_waves_come_with_their_frequency() -> None:
    np.testing.assert_allclose(frequencies(4), [0, 0.25, 0.5, 0.25])


def test_blank_coefficients_are_mid_grey() -> None:
    np.testing.assert_allclose(parameterization().images(parameterization().grey(1)), 0.5)


def test_images_stay_inside_the_range_of_the_preprocessing_per_channel() -> None:
    loud = 1e3 * np.random.default_rng(0).normal(size=(2, 3, *SIZE)).astype(np.float32)
    images = np.asarray(parameterization(preprocessing=CAFFE).images(loud))
    low, high = CAFFE.bounds()
    assert (images >= low - 1e-3).all()
    assert (images <= high + 1e-3).all()
    assert np.ptp(images) > 200


@pytest.mark.parametrize("basis", ["hartley", "pixels"])
@pytest.mark.parametrize(("channels", "preprocessing"), [(3, None), (3, CAFFE), (1, None)])
@pytest.mark.parametrize("decay", [0.0, 2.0])
def test_coefficients_of_a_photo_give_the_photo_back(basis, channels, preprocessing, decay) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (2, *SIZE, channels), np.uint8)
    photo[0, :3], photo[0, 3:6] = 0, 255
    given = parameterization(channels, preprocessing, basis=basis, decay=decay)
    assert np.abs(given.decode(given.encode(photo)).astype(int) - photo).max() <= 1


def test_in_the_basis_of_pixels_a_coefficient_is_a_pixel() -> None:
    plain = parameterization(1, basis="pixels", decay=2.0)
    one = plain.grey(1)
    one[0, 0, 4, 7] = 3
    assert np.argwhere(np.asarray(plain.images(one)) != 0.5).tolist() == [[0, 4, 7, 0]]


def test_jitter_shifts_the_image_around_the_torus() -> None:
    noise = parameterization().noise([[0]])
    basis = Jitter(range_px=SIZE).on_basis(parameterization().matrices, np.int32([5, 3]))
    moved = np.asarray(parameterization().images(noise, basis))
    still = np.asarray(parameterization().images(noise))
    np.testing.assert_allclose(moved, np.roll(still, (-5, -3), axis=(1, 2)), atol=1e-5)


def test_contrast_is_the_quadratic_mean_of_what_is_painted() -> None:
    plain = parameterization(1)
    noise = plain.noise([[0], [1]])
    images = np.asarray(plain.images(noise), np.float64)
    unsquashed = np.log(images / (1 - images))
    expected = np.sqrt((unsquashed**2).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(np.asarray(plain.contrast(noise)).ravel(), expected, rtol=1e-3)


def test_colours_are_mixed_only_where_there_are_three_and_blue_first_in_reverse() -> None:
    for channels in (1, 4):
        np.testing.assert_array_equal(parameterization(channels).colours, np.eye(channels))
    reverse = parameterization(preprocessing=CAFFE).colours
    np.testing.assert_array_equal(reverse, parameterization().colours[::-1, ::-1])


def test_noise_depends_on_its_own_seed_only() -> None:
    noise = parameterization().noise
    np.testing.assert_array_equal(noise([[0, 1], [0, 7]])[1], noise([[0, 7]])[0])


@pytest.mark.parametrize("steps", [0, 1, 8, 20])
def test_steps_add_up_to_the_total_step_length_and_chunks_to_the_steps(steps: int) -> None:
    optimizer = GradientAscent(steps=steps, total_step_length=6.0)
    assert optimizer.step_lengths().sum() == pytest.approx(6 if steps else 0)
    assert [step for chunk in optimizer.chunks() for step in range(steps)[chunk]] == list(range(steps))


@pytest.mark.parametrize("range_px", [(0, 0), (12, 4)])
def test_shifts_are_spread_evenly_over_the_range_of_the_jitter(range_px: tuple[int, int]) -> None:
    shifts = Jitter(range_px=range_px).schedule(50, SIZE, np.random.default_rng(3))
    assert shifts.shape == (50, 2)
    np.testing.assert_allclose(np.ptp(shifts, axis=0), range_px, atol=1)
    np.testing.assert_allclose(shifts.mean(axis=0), 0, atol=0.5)
