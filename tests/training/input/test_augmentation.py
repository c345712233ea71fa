"""Random changes of a training picture do what they say and nothing else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cnn_core.training.input.augmentation import GREY, augmented
from cnn_core.training.settings.config import Augmentation
from cnn_core.training.settings.presets import PHOTO_AUGMENTATION

NOTHING = Augmentation()
EVERYTHING = PHOTO_AUGMENTATION


def noise(height: int = 40, width: int = 40) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def apply(
    pixels: NDArray[np.uint8], params: Augmentation, seed: int = 0, size_px: int | None = None
) -> NDArray[np.uint8]:
    size_px = pixels.shape[0] if size_px is None else size_px
    return augmented(pixels, params, np.random.default_rng(seed), size_px)


def test_no_change_asked_for_is_no_change_at_all() -> None:
    np.testing.assert_array_equal(apply(noise(), NOTHING), noise())


@pytest.mark.parametrize("size_px", [17, 32, 64])
@pytest.mark.parametrize(("height", "width"), [(40, 40), (30, 55)])
@pytest.mark.parametrize("params", [NOTHING, EVERYTHING], ids=["nothing", "everything"])
def test_the_result_is_a_square_of_bytes(params: Augmentation, height: int, width: int, size_px: int) -> None:
    result = apply(noise(height, width), params, size_px=size_px)
    assert result.shape == (size_px, size_px, 3)
    assert result.dtype == np.uint8


def test_the_same_seed_gives_the_same_picture_and_another_one_another_and_the_one_given_stays() -> None:
    pixels = noise()
    pixels.setflags(write=False)  # as a memory map is
    found = [apply(pixels, EVERYTHING, seed) for seed in range(20)]
    np.testing.assert_array_equal(found[3], apply(noise(), EVERYTHING, 3))
    assert (found[3] != found[4]).any()
    np.testing.assert_array_equal(pixels, noise())


def test_flipping_mirrors_exactly_and_half_of_the_time() -> None:
    results = [apply(noise(), Augmentation(flip=True), seed) for seed in range(400)]
    mirrored = sum(np.array_equal(result, noise()[:, ::-1]) for result in results)
    kept = sum(np.array_equal(result, noise()) for result in results)
    assert mirrored + kept == 400
    assert 160 < mirrored < 240  # four standard deviations


def test_a_shift_fills_the_border_with_its_mirror_image_and_no_black() -> None:
    ramp = np.repeat(np.arange(100, 140, dtype=np.uint8)[None, :, None], 40, 0).repeat(3, 2)
    shifted = [apply(ramp, Augmentation(shift_fraction=0.25), seed) for seed in range(20)]
    assert min(int(result.min()) for result in shifted) >= 100
    offsets = [int(np.argmin(result[20, :, 0])) for result in shifted]
    at = max(offsets)
    assert at > 3  # some moved right: the lowest value is inside, and mirrored
    result = shifted[int(np.argmax(offsets))][20, :, 0].astype(int)
    np.testing.assert_allclose(result[at - 3 : at], result[at + 3 : at : -1], atol=1)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("height", "width"), [(40, 40), (30, 55)])
def test_the_mirror_image_laid_around_a_picture_is_that_of_its_borders(
    monkeypatch: pytest.MonkeyPatch, seed: int, height: int, width: int
) -> None:
    wild = Augmentation(rotation_degrees=180, zoom=0.5, stretch=0.5, shift_fraction=0.3)
    smooth = cv2.GaussianBlur(noise(height, width), (0, 0), 2)
    laid, matrix = np.zeros(2), np.zeros((2, 3))
    make_border, warp = cv2.copyMakeBorder, cv2.warpAffine

    def bordered(pixels: Any, top: int, bottom: int, left: int, right: int, kind: int) -> Any:
        laid[:] = left, top
        return make_border(pixels, top, bottom, left, right, kind)

    def warped(pixels: Any, used: Any, size: Any, **options: Any) -> Any:
        matrix[:] = used
        return warp(pixels, used, size, **options)

    monkeypatch.setattr(cv2, "copyMakeBorder", bordered)
    monkeypatch.setattr(cv2, "warpAffine", warped)
    found = apply(smooth, wild, seed, 40).astype(int)
    matrix[:, 2] += matrix[:, :2] @ laid
    alone = warp(smooth, matrix, (40, 40), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(found, alone, atol=1)


@pytest.mark.parametrize(
    "params", [Augmentation(rotation_degrees=30), Augmentation(zoom=0.5), Augmentation(stretch=1)]
)
def test_warping_keeps_the_centre_in_place(params: Augmentation) -> None:
    pixels = np.zeros((41, 41, 3), np.uint8)
    pixels[18:23, 18:23] = 200
    for seed in range(10):
        result = apply(pixels, params, seed)[..., 0].astype(float)
        rows, columns = np.mgrid[:41, :41]
        assert (rows * result).sum() / result.sum() == pytest.approx(20, abs=0.2)
        assert (columns * result).sum() / result.sum() == pytest.approx(20, abs=0.2)


def test_zoom_stays_within_its_limits_both_ways() -> None:
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[30:50, 30:50] = 255
    sides = [np.sqrt((apply(pixels, Augmentation(zoom=0.5), seed)[..., 0] / 255).sum()) for seed in range(60)]
    assert 20 / 1.5 - 0.5 < min(sides) < 16
    assert 26 < max(sides) < 20 * 1.5 + 0.5


def test_resizing_fits_the_whole_picture_into_the_square() -> None:
    halves = np.zeros((30, 60, 3), np.uint8)
    halves[:, 30:] = 255
    result = apply(halves, NOTHING, size_px=20)[..., 0]
    assert (result[:, :9] == 0).all()
    assert (result[:, 11:] == 255).all()


def test_brightness_adds_the_same_to_every_pixel_and_clips() -> None:
    flat = np.full((8, 8, 3), 250, np.uint8)
    values = {int(apply(flat, Augmentation(brightness=0.1), seed)[0, 0, 0]) for seed in range(50)}
    assert max(values) == 255
    assert 250 - 26 <= min(values) < 240


def test_contrast_leaves_mid_grey_alone() -> None:
    flat = np.full((8, 8, 3), GREY, np.uint8)
    for seed in range(20):
        assert (np.abs(apply(flat, Augmentation(contrast=0.5), seed).astype(int) - GREY) <= 1).all()


def test_saturation_leaves_grey_pixels_alone_and_changes_colours() -> None:
    grey = np.full((8, 8, 3), 90, np.uint8)
    red = np.full((8, 8, 3), (200, 50, 50), np.uint8)
    for seed in range(10):
        assert (np.abs(apply(grey, Augmentation(saturation=0.8), seed).astype(int) - 90) <= 1).all()
    spreads = [np.ptp(apply(red, Augmentation(saturation=0.8), seed)[0, 0].astype(int)) for seed in range(30)]
    assert min(spreads) < 100
    assert max(spreads) > 180


def test_erasing_paints_one_grey_rectangle() -> None:
    white = np.full((50, 50, 3), 255, np.uint8)
    result = apply(white, Augmentation(erase_probability=1, erase_fraction=0.4))
    rows, columns = np.nonzero((result == GREY).all(-1))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert rows.size == height * width
    assert (result[(result != GREY).any(-1)] == 255).all()
    assert min(height, width) >= 5
    assert max(height, width) <= 20


def test_erasing_happens_as_often_as_asked() -> None:
    white = np.full((20, 20, 3), 255, np.uint8)
    params = Augmentation(erase_probability=0.25, erase_fraction=0.3)
    erased = sum((apply(white, params, seed) == GREY).any() for seed in range(400))
    assert 65 < erased < 135
