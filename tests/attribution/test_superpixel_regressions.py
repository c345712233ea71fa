"""KernelSHAP and LIME against networks whose answer to every coalition is known."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.analysis import Target
from cnn_core.attribution.coalitions import FILLS, CoalitionSettings, all_coalitions, filled_picture
from cnn_core.attribution.kernel_shap import all_pairs, drawn_pairs, shapley_values
from cnn_core.attribution.superpixels import superpixels
from cnn_core.errors import Cancelled
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import AttributionMap

KEYS = ["kernel_shap", "lime"]
PLAIN = Preprocessing(scale=(1.0,))
X = np.random.default_rng(5).uniform(0, 255, (1, 12, 10, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is exact can be told from what is rounded."""
    monkeypatch.setenv("CONVSCOPE_PRECISION", "float32")


def ask(
    probe: Probe,
    key: str,
    inputs: np.ndarray = X,
    class_index: int = 0,
    progress: Progress = SILENT,
    **settings: Any,
) -> AttributionMap:
    analysis = analysis_named(key)
    target = Target(inputs=inputs, class_index=class_index)
    return analysis.compute(probe, target, analysis.settings(**settings), progress)


def probe_of(*parts: Any, shape: tuple[int, ...] = X.shape[1:], size: float = 0.002) -> Probe:
    """A network of these layers with small seeded weights, for pixels from 0 to 255."""
    model = keras.Sequential([layers.Input(shape), *parts])
    random = np.random.default_rng(3)
    model.set_weights([random.normal(0, size, w.shape).astype(np.float32) for w in model.get_weights()])
    return Probe(model, preprocessing=PLAIN)


def linear(units: int = 2, activation: str = "softmax", shape: tuple[int, ...] = X.shape[1:]) -> Probe:
    return probe_of(layers.Flatten(), layers.Dense(units, activation), shape=shape)


def curved() -> Probe:
    return probe_of(layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(2, "softmax"), size=0.05)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("count", "samples"), [(6, 500), (24, 200)])  # all coalitions, and drawn ones
def test_an_additive_score_is_explained_exactly(key: str, fill: str, count: int, samples: int) -> None:
    probe = linear()
    found = ask(probe, key, fill=fill, superpixels=count, samples=samples)
    labels = superpixels(X, PLAIN, count)
    weights = probe.model.get_weights()[0][:, 0].reshape(X.shape[1:])
    parts = (weights * (X - filled_picture(probe, X, labels, fill))[0]).sum(axis=-1)
    expected = np.bincount(labels.ravel(), parts.ravel())

    sums = np.bincount(labels.ravel(), found.values.ravel())
    np.testing.assert_allclose(sums, expected, atol=1e-4)
    assert all(np.ptp(found.values[labels == each]) == 0 for each in range(labels.max() + 1))
    assert found.adds_up
    assert found.standard_error == pytest.approx(0, abs=1e-5)


def test_the_values_of_every_network_add_to_the_score_less_that_of_the_filled_picture() -> None:
    probe = curved()
    for samples in (16, 500):  # fewer than superpixels, and more
        found = ask(probe, "kernel_shap", superpixels=24, samples=samples)
        labels = superpixels(X, PLAIN, 24)
        empty = probe.scores(filled_picture(probe, X, labels, "mean"))[0][0, 0]
        assert found.constant == pytest.approx(float(empty), abs=1e-5)
        assert abs(found.residual) < 1e-4
        assert analysis_named("kernel_shap").check(found).holds
    assert ask(probe, "kernel_shap", superpixels=24, samples=16).standard_error is None


def test_shapley_values_of_a_game_done_by_hand() -> None:
    """Worth 6 when players 0 and 1 are both there, and 3 with player 2: 3, 3 and 3."""
    shown, weights = all_pairs(3)
    worth = lambda who: 6.0 * (who[:, 0] & who[:, 1]) + 3 * who[:, 2]  # noqa: E731
    values, _ = shapley_values(shown, weights, (worth(shown) - worth(~shown)) / 2, 9)
    np.testing.assert_allclose(values, [3, 3, 3])


def test_drawn_coalitions_approach_the_shapley_values_of_a_game_with_interactions() -> None:
    game = np.random.default_rng(2).normal(size=(8, 8))
    worth = lambda who: np.einsum("mi,ij,mj->m", who, game, who)  # noqa: E731
    total = float(game.sum())
    values = []
    for shown, weights in (all_pairs(8), drawn_pairs(8, CoalitionSettings(samples=8000))):
        values.append(shapley_values(shown, weights, (worth(shown) - worth(~shown)) / 2, total)[0])
    by_hand = (game + game.T).sum(axis=1) / 2  # each half of what it does together with another
    np.testing.assert_allclose(values[0], by_hand, atol=1e-9)
    np.testing.assert_allclose(values[1], by_hand, atol=1e-9)  # pairs cancel what two do together


def test_all_coalitions_are_there_once() -> None:
    shown = all_coalitions(4)
    assert len({tuple(each) for each in shown}) == len(shown) == 16
    assert not shown[0].any()
    assert shown[-1].all()


def test_drawn_coalitions_are_never_empty_or_full_and_have_the_sizes_of_the_kernel() -> None:
    shown, _ = drawn_pairs(5, CoalitionSettings(samples=8000))
    counts = np.bincount(shown.sum(axis=1), minlength=6)
    assert counts[[0, 5]].sum() == 0
    np.testing.assert_allclose(counts[1:5] / counts.sum(), [0.3, 0.2, 0.2, 0.3], atol=0.03)


@pytest.mark.parametrize("key", KEYS)
def test_the_standard_error_is_how_far_other_seeds_move_the_map(key: str) -> None:
    probe = curved()
    maps = [ask(probe, key, superpixels=24, samples=256, seed=seed) for seed in range(12)]
    moved = np.sqrt(np.mean(np.var([each.values for each in maps], axis=0, ddof=1)))
    said = float(np.mean([each.standard_error for each in maps]))
    assert 0.6 < said / moved < 1.6


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("fill", ["mean", "white", "blur"])
def test_a_picture_that_equals_its_fill_has_a_map_of_zeros(key: str, fill: str) -> None:
    found = ask(linear(), key, np.full_like(X, 255), fill=fill)
    assert np.abs(found.values).max() < 1e-5
    assert found.adds_up


@pytest.mark.parametrize("key", KEYS)
def test_one_superpixel_gets_all_that_the_picture_changes(key: str) -> None:
    found = ask(curved(), key, superpixels=1, fill="black")
    assert np.ptp(found.values) == 0
    assert found.values.sum() == pytest.approx(found.score - found.constant, abs=1e-4)
    assert ask(linear(shape=(1, 1, 3)), key, X[:, :1, :1]).values.shape == (1, 1)


@pytest.mark.parametrize("key", KEYS)
def test_one_class_and_one_channel(key: str) -> None:
    found = ask(linear(1, "linear", (12, 10, 1)), key, X[..., :1])
    assert found.values.any()
    assert found.adds_up


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("samples", [64, 500])
def test_the_two_classes_of_a_sigmoid_unit_have_exactly_opposite_maps(key: str, samples: int) -> None:
    first, second = (
        ask(linear(1, "sigmoid"), key, class_index=each, superpixels=8, samples=samples) for each in (0, 1)
    )
    np.testing.assert_array_equal(first.values, -second.values)
    assert first.values.any()


@pytest.mark.parametrize("key", KEYS)
def test_the_map_grows_and_can_be_stopped(key: str) -> None:
    told: list[Any] = []
    progress = Progress(tell=lambda share, found: told.append((share, found)))
    final = ask(curved(), key, superpixels=24, samples=400, progress=progress)
    grown = [found for _, found in told if found is not None]
    assert told[-1][0] == 1
    assert grown
    assert grown[-1].values.shape == final.values.shape
    with pytest.raises(Cancelled):
        ask(curved(), key, progress=Progress(cancelled=lambda: len(told) > 0))
