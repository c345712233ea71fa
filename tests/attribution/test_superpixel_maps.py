"""KernelSHAP and LIME against additive networks, whose parts have a value of their own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_made_networks import ask, constant, filled, linear, mean_head, photo, weights_of
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.analysis import Target
from cnn_core.attribution.kernel_shap import coalitions, shapley_values
from cnn_core.attribution.superpixels import SuperpixelSettings, picture_in_parts, superpixels
from cnn_core.probe.probe import Probe

X = photo((12, 10, 3))
BFLOAT16 = 2**-7


@pytest.mark.parametrize("key", ["kernel_shap", "lime"])
def test_each_part_of_an_additive_network_gets_its_own_weights(key: str) -> None:
    model = linear((12, 10, 3))
    found = ask(model, key, X, superpixels=6, samples=400, fill="black")
    target = Target(inputs=X, class_index=0)
    settings = SuperpixelSettings(superpixels=6, fill="black")
    parts = picture_in_parts(Probe(model), target, settings)
    gains = np.bincount(parts.labels.ravel(), (weights_of(model) * X[0]).sum(axis=-1).ravel())
    sizes = np.bincount(parts.labels.ravel())
    values = np.bincount(parts.labels.ravel(), found.values.ravel().astype(float))
    np.testing.assert_allclose(values, gains, atol=0.04 * np.abs(gains).sum())
    assert len(sizes) > 2


@pytest.mark.parametrize("fill", ["own mean", "black", "blur", "noise"])
def test_kernel_shap_adds_up_to_the_change_of_the_score(fill: str) -> None:
    found = ask(mean_head(), "kernel_shap", photo(), class_index=2, superpixels=8, samples=60, fill=fill)
    assert found.values.sum() == pytest.approx(found.score - found.constant, abs=1e-4)
    assert analysis_named("kernel_shap").check(found).holds


def test_all_coalitions_of_three_parts_give_shapleys_values() -> None:
    """By hand: 1 alone gains 6, 2 alone 3, 3 nothing; 1 and 2 together 12; 3 adds nothing to anybody."""
    shown, weights = coalitions(3, 100, 0)
    assert len(shown) == 6
    pair = shown[:, 0] & shown[:, 1]
    gains = np.where(pair, 12.0, 6.0 * shown[:, 0] + 3.0 * shown[:, 1])
    values, errors = shapley_values(shown, gains, weights, 12.0)
    np.testing.assert_allclose(values, [7.5, 4.5, 0], atol=1e-9)
    assert errors.shape == (3,)


def test_coalitions_come_in_pairs_that_are_neither_empty_nor_whole() -> None:
    shown, _ = coalitions(20, 100, 4)
    assert shown.shape == (100, 20)
    np.testing.assert_array_equal(shown[:50], ~shown[50:])
    assert shown.sum(axis=1).min() > 0
    assert shown.sum(axis=1).max() < 20


@pytest.mark.parametrize("shape", [(12, 10, 3), (12, 10, 1), (12, 10, 6), (6, 5, 3), (2, 1, 1)])
@pytest.mark.parametrize("flat", [True, False])
def test_every_picture_has_parts_numbered_without_gaps(shape: tuple[int, int, int], flat: bool) -> None:
    pixels = np.full(shape, 0.5, np.float32) if flat else photo(shape)[0]
    labels = superpixels(pixels, 7)
    assert labels.shape == shape[:2]
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))
    np.testing.assert_array_equal(labels, superpixels(pixels, 7))


@pytest.mark.parametrize("key", ["kernel_shap", "lime"])
def test_a_constant_answer_and_a_picture_that_is_its_fill_have_nothing_to_share(key: str) -> None:
    assert np.abs(ask(constant(1), key, photo()).values).max() < 1e-5
    same = ask(mean_head(1, "sigmoid"), key, np.zeros_like(photo()), fill="black")
    assert np.abs(same.values).max() < 0.02


@pytest.mark.parametrize("key", ["kernel_shap", "lime"])
def test_the_two_classes_of_a_sigmoid_unit_have_opposite_maps(key: str) -> None:
    model = mean_head(1, "sigmoid")
    cats, dogs = (ask(model, key, photo(), class_index=c, samples=64).values for c in (0, 1))
    np.testing.assert_allclose(cats, -dogs, atol=1e-3 * np.abs(dogs).max())


def test_the_standard_error_of_kernel_shap_is_how_far_other_seeds_move_the_map(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a network in which parts work together, which a single coalition shows and a pair cancels."""
    monkeypatch.setenv("CONVSCOPE_PRECISION", "float32")
    dense = [layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(2, "softmax")]
    probe = Probe(filled(keras.Sequential([layers.Input((12, 10, 3)), *dense])))
    maps = [ask(probe, "kernel_shap", X, superpixels=24, samples=256, seed=seed) for seed in range(12)]
    moved = np.sqrt(np.mean(np.var([each.values for each in maps], axis=0, ddof=1)))
    said = float(np.mean([each.standard_error for each in maps]))
    assert 0.6 < said / moved < 1.6


def test_nothing_is_left_to_chance_with_all_coalitions_and_nothing_can_be_told_with_few() -> None:
    assert ask(mean_head(), "kernel_shap", photo(), superpixels=2).standard_error == 0
    assert ask(mean_head(), "kernel_shap", X[:, :6, :5], superpixels=30, samples=16).standard_error is None


def test_pairs_of_coalitions_give_the_values_of_a_game_of_two_at_a_time_exactly() -> None:
    """Each player gets half of what it does together with another."""
    game = np.random.default_rng(2).normal(size=(8, 8))
    shown, weights = coalitions(8, 200, 0)
    gains = np.einsum("mi,ij,mj->m", shown, game, shown)
    values, _ = shapley_values(shown, gains, weights, float(game.sum()))
    np.testing.assert_allclose(values, (game + game.T).sum(axis=1) / 2, atol=1e-9)
