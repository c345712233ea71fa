"""Layer-wise relevance against networks whose shares are known by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_made_networks import ask, constant, filled, linear, mean_head, photo, weights_of
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.attribution.attribution_map import correlation
from cnn_core.probe.probe import Probe

X = photo()
PLAIN = {"epsilon": 0.0, "gamma": 0.0}


def relu_net(*, bias: bool, normalised: bool = False) -> keras.Model:
    """Convolutions, pooling of both kinds, a sum of branches and dense layers."""
    x = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", use_bias=bias, activation=None if normalised else "relu")(x)
    if normalised:
        first = layers.ReLU()(layers.BatchNormalization()(first))
    branch = layers.Conv2D(4, 3, padding="same", use_bias=bias, activation="relu")(first)
    y = layers.Add()([first, branch])
    y = layers.AveragePooling2D(2)(layers.MaxPooling2D()(y))
    y = layers.Dense(5, "relu", use_bias=bias)(layers.Flatten()(y))
    return filled(keras.Model(x, layers.Dense(2, "softmax", use_bias=bias)(y)))


def test_without_biases_plain_lrp_is_gradient_times_input() -> None:
    model, x = relu_net(bias=False), photo((8, 8, 3))
    found = ask(model, "lrp", x, class_index=1, **PLAIN)
    other = ask(model, "gradient_x_input", x, class_index=1)
    np.testing.assert_allclose(found.values, other.values, rtol=1e-3, atol=1e-4 * np.abs(other.values).max())
    assert found.constant == 0


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.25])
def test_relevance_and_the_share_of_the_biases_make_the_score(normalised: bool, gamma: float) -> None:
    model, x = relu_net(bias=True, normalised=normalised), photo((8, 8, 3))
    if normalised:
        layer = next(each for each in model.layers if isinstance(each, layers.BatchNormalization))
        layer.moving_variance.assign(np.full(4, 2.5, np.float32))
    found = ask(model, "lrp", x, epsilon=0.0, gamma=gamma)
    assert found.constant != 0
    assert found.residual == pytest.approx(0, abs=2e-3 * abs(found.score))
    assert analysis_named("lrp").check(found).holds


def test_a_linear_model_gives_each_value_its_product_and_the_bias_its_own() -> None:
    model = linear()
    found = ask(model, "lrp", X, **PLAIN)
    np.testing.assert_allclose(found.values, (weights_of(model) * X[0]).sum(axis=-1), rtol=1e-3, atol=1e-4)
    assert found.constant == pytest.approx(model.get_weights()[1][0], abs=1e-4)


def test_two_layers_by_hand() -> None:
    """Units 3 = 1 + 2 and 0 = relu(1 - 2); score 2 * 3 + 5 * 0 = 6, of which pixel one holds 2 and two 4."""
    model = keras.Sequential(
        [
            layers.Input((1, 2, 1)),
            layers.Flatten(),
            layers.Dense(2, "relu", use_bias=False),
            layers.Dense(2, use_bias=False),
        ]
    )
    model.set_weights([np.float32([[1, 1], [1, -1]]), np.float32([[2, 0], [5, 0]])])
    found = ask(model, "lrp", np.float32([[[[1], [2]]]]), **PLAIN)
    np.testing.assert_allclose(found.values, [[2, 4]], rtol=1e-5)


def test_the_largest_of_a_pooling_takes_all_and_a_gate_nothing() -> None:
    x = keras.Input((1, 2, 1))
    pooled = layers.Flatten()(layers.MaxPooling2D((1, 2))(x))
    model = keras.Model(x, layers.Dense(2, use_bias=False, kernel_initializer="ones")(pooled))
    np.testing.assert_allclose(ask(model, "lrp", np.float32([[[[1], [2]]]]), **PLAIN).values, [[0, 2]])
    gated = layers.Multiply()(
        [x, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))]
    )
    model = keras.Model(x, layers.Dense(2, use_bias=False)(layers.Flatten()(gated)))
    found = ask(model, "lrp", np.float32([[[[1], [2]]]]), **PLAIN)
    assert found.values.sum() == pytest.approx(found.score, rel=1e-4)


def test_the_two_classes_of_a_sigmoid_unit_are_opposite() -> None:
    model = mean_head(1, "sigmoid")
    cats, dogs = (ask(model, "lrp", X, class_index=c).values for c in (0, 1))
    np.testing.assert_allclose(cats, -dogs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("picture", [np.zeros_like(X), np.ones_like(X)], ids=["black", "constant"])
def test_a_dead_network_has_no_relevance_and_no_division_by_nothing(picture: np.ndarray) -> None:
    found = ask(constant(1), "lrp", picture, epsilon=0.0)
    assert not found.values.any()
    assert analysis_named("lrp").check(found).holds


def test_a_layer_without_a_rule_is_named() -> None:
    x = keras.Input((6, 5, 3))
    y = layers.LayerNormalization(name="odd")(layers.Conv2D(4, 3)(x))
    probe = Probe(keras.Model(x, layers.Dense(2)(layers.Flatten()(y))))
    assert "'odd'" in (analysis_named("lrp").inapplicable(probe.outline, 0) or "")


def test_gamma_and_epsilon_change_the_map_but_little_of_what_it_says() -> None:
    model, x = relu_net(bias=True), photo((8, 8, 3))
    plain, usual = ask(model, "lrp", x, **PLAIN).values, ask(model, "lrp", x).values
    assert plain.tobytes() != usual.tobytes()
    assert correlation(plain, usual) > 0.3
