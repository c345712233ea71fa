"""Methods of the gradient at the pixels against linear networks, whose gradient is their weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_made_networks import ask, constant, linear, mean_head, photo, weights_of
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.attribution.attribution_map import correlation
from cnn_core.probe.probe import Probe

X = photo()
BFLOAT16 = 2**-7  # relative rounding of weights in the fastest precision
PIXEL_METHODS = (
    "saliency gradient_x_input smooth_grad var_grad integrated_gradients guided_backpropagation "
    "deconvnet".split()
)


def strongest(values: np.ndarray) -> np.ndarray:
    return np.abs(values).max(axis=-1)


def two_relus(second: float = 1.0) -> keras.Model:
    """One pixel through two ReLUs: ``relu(second * relu(x) - third * relu(-x))`` in two channels."""
    model = keras.Sequential(
        [
            layers.Input((1, 2, 1)),
            layers.Conv2D(2, 1, use_bias=False, activation="relu"),
            layers.Flatten(),
            layers.Dense(2, use_bias=False),
        ]
    )
    # Pixel p: relu(p) and relu(-p). Score: -2 relu(p1) + 3 relu(-p1) + 5 relu(p2) - 7 relu(-p2).
    head = np.zeros((4, 2), np.float32)
    head[:, 0] = [-2 * second, 3, 5, -7]
    model.set_weights([np.float32([[[[1, -1]]]]), head])
    return model


@pytest.mark.parametrize("class_index", [0, 1])
def test_gradient_x_input_of_a_linear_model_adds_up_to_the_score_without_its_bias(class_index: int) -> None:
    model = linear()
    found = ask(model, "gradient_x_input", X, class_index=class_index)
    bias = model.get_weights()[1][class_index]
    assert found.values.sum() == pytest.approx(found.score - bias, abs=1e-4)
    assert analysis_named("gradient_x_input").check(found).holds


@pytest.mark.parametrize("seed", [0, 7])
def test_smooth_grad_of_a_linear_model_is_its_gradient_for_any_seed(seed: int) -> None:
    model = linear()
    found = ask(model, "smooth_grad", X, samples=7, seed=seed)
    np.testing.assert_allclose(found.values, strongest(weights_of(model)), rtol=BFLOAT16)


def test_smooth_grad_without_noise_is_saliency() -> None:
    model = mean_head()
    plain = ask(model, "saliency", X).values
    smooth = ask(model, "smooth_grad", X, samples=2, noise=0.0)
    np.testing.assert_allclose(smooth.values, plain, atol=0.02 * plain.max())
    assert smooth.standard_error == pytest.approx(0, abs=BFLOAT16 * float(plain.max()))


def test_var_grad_of_a_linear_model_is_nothing_and_of_a_bent_one_something() -> None:
    model = linear()
    rounding = (BFLOAT16 * strongest(weights_of(model)).max()) ** 2
    assert ask(model, "var_grad", X, samples=8).values.max() <= rounding
    # The first pixel's slope is -2 above zero and -3 below, where a third of the noise takes it.
    values = ask(two_relus(), "var_grad", np.float32([[[[0.05], [0.9]]]]), samples=400).values
    assert values[0, 0] == pytest.approx(0.37 * 0.63, rel=0.15)
    assert values[0, 1] == 0


def test_the_error_bar_of_smooth_grad_shrinks_as_the_root_of_the_samples() -> None:
    few, many = (ask(mean_head(), "smooth_grad", X, samples=n).standard_error for n in (16, 256))
    assert few / many == pytest.approx(4, rel=0.25)


@pytest.mark.parametrize("baseline", ["black", "white", "grey", "blur", "mean", "noise"])
def test_integrated_gradients_add_up_to_the_change_from_any_baseline(baseline: str) -> None:
    found = ask(mean_head(), "integrated_gradients", X, class_index=1, baseline=baseline, steps=1024)
    assert found.residual == pytest.approx(0, abs=0.01 * abs(found.score - found.constant) + 1e-4)


def test_integrated_gradients_of_a_linear_model_are_its_weights_times_the_change() -> None:
    model = linear()
    found = ask(model, "integrated_gradients", X, baseline="white", steps=2)
    expected = (weights_of(model) * (X[0] - 255 * np.float32(1 / 255))).sum(axis=-1)
    np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-5)


def test_a_picture_that_is_the_baseline_gets_nothing_and_adds_up() -> None:
    found = ask(mean_head(), "integrated_gradients", np.zeros_like(X), baseline="black")
    assert not found.values.any()
    assert analysis_named("integrated_gradients").check(found).holds


def test_guided_backpropagation_passes_only_what_is_positive_where_the_unit_was_active() -> None:
    x = np.float32([[[[1.0], [2.0]]]])  # both pixels positive: only the channels of relu(p) are active
    assert ask(two_relus(), "saliency", x).values.tolist() == [[2, 5]]
    assert ask(two_relus(), "guided_backpropagation", x).values.tolist() == [[0, 5]]
    # Deconvnet hands back the channel of relu(-p1) too, though it was silent: 3 * -1.
    assert ask(two_relus(), "deconvnet", x).values.tolist() == [[3, 5]]


@pytest.mark.parametrize("key", ["guided_backpropagation", "deconvnet"])
def test_without_a_relu_there_is_nothing_to_gate(key: str) -> None:
    probe = Probe(linear())
    assert "no ReLU" in (analysis_named(key).inapplicable(probe.outline, 0) or "")
    np.testing.assert_allclose(ask(probe, key, X).values, strongest(weights_of(probe.model)), rtol=1e-6)


def test_relus_are_gated_wherever_they_stand_and_the_model_stays_as_it_was() -> None:
    """As an argument, a layer, an operation, an activation layer and in a nested model: all five."""
    x = keras.Input((4, 4, 1))
    inner = keras.Sequential([layers.Input((4, 4, 1)), layers.ReLU()])
    y = layers.Conv2D(1, 1, activation="relu")(x)
    y = keras.ops.relu(layers.ReLU()(y))
    y = inner(layers.Activation("relu")(y))
    model = keras.Model(x, layers.Dense(1, use_bias=False)(layers.Flatten()(y)))
    weights = [np.ones((1, 1, 1, 1)), np.zeros(1), np.linspace(-1, 1, 16)[:, None]]
    model.set_weights([np.float32(w) for w in weights])
    probe, picture = Probe(model), np.ones((1, 4, 4, 1), np.float32)
    before = probe.input_gradient(picture, head=0, class_index=0).gradients
    gated = probe.gated("guided")
    operations = [node.activation for node in gated.outline.layers if node.activation == "relu"]
    assert len(operations) == 5
    guided = ask(probe, "guided_backpropagation", picture).values
    np.testing.assert_allclose(guided.ravel(), np.maximum(np.linspace(-1, 1, 16), 0), rtol=1e-5)
    after = probe.input_gradient(picture, head=0, class_index=0).gradients
    assert before.tobytes() == after.tobytes()


def test_a_map_that_is_the_same_for_another_class_says_so() -> None:
    """All weights of both classes positive and equal: guided backpropagation cannot tell them apart."""
    model = mean_head(2)
    kernel, _ = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([np.abs(kernel[:, :1]) * np.ones((1, 2)), np.float32([0, 1])])
    found = ask(model, "guided_backpropagation", X)
    assert found.other_class_correlation == pytest.approx(1)
    assert "not why" in analysis_named("guided_backpropagation").check(found).sentence


@pytest.mark.parametrize("key", PIXEL_METHODS)
@pytest.mark.parametrize("picture", [np.zeros_like(X), np.ones_like(X)], ids=["black", "constant"])
def test_a_constant_answer_gives_a_finite_blank_map(key: str, picture: np.ndarray) -> None:
    found = ask(constant(1), key, picture)
    assert not found.values.any()
    assert analysis_named(key).check(found).holds in (None, True)


def test_the_correlation_of_constant_maps_is_told_without_a_division() -> None:
    flat, slope = np.ones((2, 2), np.float32), np.float32([[0, 1], [2, 3]])
    assert correlation(flat, flat) == 1
    assert correlation(flat, slope) == 0
    assert correlation(slope, -slope) == pytest.approx(-1)


@pytest.mark.parametrize("class_index", [0, 1])
def test_rival_gradients_are_those_of_both_classes_asked_one_by_one(class_index: int) -> None:
    probe = Probe(mean_head())
    own, rival, scores = probe.rival_gradients(X, head=0, class_index=class_index)
    others = [index for index in np.argsort(-scores[0]) if index != class_index]
    for found, index in ((own, class_index), (rival, int(others[0]))):
        asked = probe.input_gradient(X, head=0, class_index=index)
        np.testing.assert_allclose(found, asked.gradients, atol=1e-6)
        np.testing.assert_allclose(scores, asked.scores, atol=1e-6)
