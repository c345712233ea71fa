"""Methods that hide parts of the picture against networks whose answer to a mask is known."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made_networks import ask, constant, linear, mean_head, photo, weights_of

from cnn_core.analysis import Target
from cnn_core.attribution.masking import FILLS, MaskedPicture, fill
from cnn_core.attribution.occlusion import patch_corners
from cnn_core.attribution.rise import RiseSettings, random_masks
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress

X = photo((8, 8, 3))
BFLOAT16 = 2**-7


def test_occlusion_of_a_linear_model_is_the_sum_over_the_patch_of_weight_times_what_is_hidden() -> None:
    """Patches of four pixels side by side, so that each pixel is covered once."""
    model = linear((8, 8, 3))
    found = ask(model, "occlusion", X, patch=0.5, stride=0.5, fill="white").values
    losses = (weights_of(model) * (X[0] - 255 * np.float32(1 / 255))).sum(axis=-1)
    expected = losses.reshape(2, 4, 2, 4).sum(axis=(1, 3))
    assert found.shape == (8, 8)
    np.testing.assert_allclose(found[::4, ::4], expected, atol=0.03 * np.abs(losses).sum())
    assert len(np.unique(found)) == 4


SIZES = [((7, 10), 3, 2), ((5, 5), 2, 2), ((3, 3), 5, 1), ((1, 9), 1, 1)]


@pytest.mark.parametrize(("size", "side", "step"), SIZES)
def test_patches_cover_every_pixel_and_stay_inside(size: tuple[int, int], side: int, step: int) -> None:
    covered = np.zeros(size, int)
    for top, left in patch_corners(size, side, step):
        assert top >= 0
        assert left >= 0
        covered[top : top + side, left : left + side] += 1
    assert covered.min() >= 1


def test_rise_of_a_constant_model_is_zero_and_of_a_linear_one_ranks_its_parts() -> None:
    assert np.abs(ask(constant(), "rise", photo(), masks=64).values).max() < 1e-5
    model = linear((8, 8, 3))
    weights = np.zeros((8, 8, 3), np.float32)
    weights[:4, :4], weights[4:, 4:] = 1, -1
    model.set_weights([np.stack([weights.ravel(), -weights.ravel()], axis=1), np.zeros(2, np.float32)])
    found = ask(model, "rise", np.ones_like(X), masks=2000, cells=2)
    assert found.values[1, 1] > 5 * found.standard_error
    assert found.values[6, 6] < -5 * found.standard_error


def test_the_masks_of_rise_show_the_share_that_is_asked_for_and_move() -> None:
    masks = random_masks(np.random.default_rng(0), 400, (30, 20), RiseSettings(shown=0.3))
    assert masks.shape == (400, 30, 20)
    np.testing.assert_allclose(masks.mean(axis=0), 0.3, atol=0.1)
    assert masks.min() == 0
    assert masks.max() <= 1


@pytest.mark.parametrize("key", ["occlusion", "rise"])
def test_the_picture_grows_while_it_is_asked(key: str) -> None:
    told: list[tuple[float, object]] = []
    final = ask(mean_head(), key, photo(), progress=Progress(tell=lambda *step: told.append(step)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    np.testing.assert_array_equal(told[-1][1].values, final.values)


@pytest.mark.parametrize("key", ["occlusion", "rise"])
def test_a_picture_that_is_its_own_fill_loses_nothing(key: str) -> None:
    found = ask(mean_head(1, "sigmoid"), key, np.zeros_like(photo()), fill="black")
    assert np.abs(found.values).max() < 0.02 * max(1, abs(found.score))


@pytest.mark.parametrize("name", FILLS)
def test_fills_are_in_pixels_as_people_see_them(name: str) -> None:
    probe = Probe(linear((8, 8, 3)), preprocessing=Preprocessing(scale=(2 / 255,), offset=(-1.0,)))
    picture = X * 2 - 1
    filled = fill(probe, picture, name)
    assert filled.shape == picture.shape
    means = {"black": -1, "white": 1, "grey": 0, "mean": picture.mean(), "blur": picture.mean(), "noise": 0}
    assert filled.mean() == pytest.approx(means[name], abs=0.15)
    assert filled.min() >= -1 - 1e-6
    assert filled.max() <= 1 + 1e-6


def test_masks_of_all_and_nothing_give_the_scores_of_picture_and_fill() -> None:
    probe = Probe(mean_head())
    target = Target(inputs=photo(), class_index=1)
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, "grey"))
    masks = np.stack([np.ones((6, 5), np.float32), np.zeros((6, 5), np.float32)])
    np.testing.assert_allclose(
        hidden.scores(masks), [hidden.score, hidden.hidden_score], rtol=0.02, atol=0.02
    )
