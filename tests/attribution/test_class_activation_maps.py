"""The class activation maps against arithmetic by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_made_networks import ask, constant, filled, mean_head, photo
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress

CAMS = (
    "cam grad_cam grad_cam_plus_plus hires_cam xgrad_cam layer_cam score_cam ablation_cam eigen_cam".split()
)
X = photo()


def maps_of(model: keras.Model, x: np.ndarray = X, name: str = "conv") -> np.ndarray:
    """The maps ``(h, w, k)`` of a layer."""
    return keras.Model(model.inputs[0], model.get_layer(name).output)(x).numpy()[0]


def flatten_head(map_weights: np.ndarray, pixels: np.ndarray) -> tuple[keras.Model, np.ndarray]:
    """A layer ``conv`` that is the picture itself, and a head with those weights; all ``(h, w, c)``."""
    height, width, channels = pixels.shape
    conv = layers.Conv2D(channels, 1, use_bias=False, name="conv")
    head = layers.Dense(2, use_bias=False)
    model = keras.Sequential([layers.Input(pixels.shape), conv, layers.Flatten(), head])
    weights = np.zeros((height * width * channels, 2), np.float32)
    weights[:, 0] = map_weights.ravel()
    model.set_weights([np.eye(channels, dtype=np.float32)[None, None], weights])
    return model, pixels[None].astype(np.float32)


@pytest.mark.parametrize("class_index", [0, 2])
def test_the_mean_of_cam_and_the_bias_are_the_score(class_index: int) -> None:
    model = mean_head()
    kernel, bias = model.get_layer("head").get_weights()
    found = ask(model, "cam", X, class_index=class_index, layer="conv")
    np.testing.assert_allclose(found.values, maps_of(model) @ kernel[:, class_index], rtol=1e-4, atol=1e-4)
    assert found.values.mean() + bias[class_index] == pytest.approx(found.score, abs=1e-4)


def test_cam_is_refused_where_more_follows_than_one_weighing_of_means() -> None:
    x = keras.Input((6, 5, 3))
    first = layers.Conv2D(3, 3, padding="same", name="first")(x)
    means = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(first))
    deep = keras.Model(x, layers.Dense(2, "softmax")(layers.Dense(4, "relu")(means)))
    assert "weigh the means once" in (analysis_named("cam").inapplicable(Probe(deep).outline, 0) or "")
    with pytest.raises(InvalidRequestError, match="Choose"):
        ask(filled(keras.Model(x, layers.Dense(2, "softmax")(means))), "cam", X, layer="first")


def test_xgrad_cam_is_grad_cam_under_a_mean_head_and_has_hires_cams_total_elsewhere() -> None:
    model = mean_head()
    grad, xgrad = (ask(model, key, X, layer="conv").values for key in ("grad_cam", "xgrad_cam"))
    np.testing.assert_allclose(xgrad, grad, rtol=1e-4, atol=1e-5)
    flat, x = flatten_head(np.float32([[[1, 2]], [[3, -1]]]), np.float32([[[1, 1]], [[2, 0]]]))
    total = ask(flat, "hires_cam", x, layer="conv").values.sum()
    assert ask(flat, "xgrad_cam", x, layer="conv").values.sum() == pytest.approx(total)
    assert total == 1 + 2 + 6


def test_grad_cam_plus_plus_weights_are_those_of_the_paper_under_a_mean_head() -> None:
    """``g = w/Z`` everywhere, so ``alpha = 1 / (2 + sum(A) g)`` and ``w_k = ReLU(w) / (2 + w mean A)``."""
    model = mean_head()
    maps, weights = maps_of(model), model.get_layer("head").get_weights()[0][:, 1]
    below = 2 + weights * maps.mean(axis=(0, 1))
    expected = np.where(below > 0, np.maximum(weights, 0) / np.where(below > 0, below, 1), 0)
    values = ask(model, "grad_cam_plus_plus", X, class_index=1, layer="conv").values
    raw = np.maximum(maps @ expected.astype(np.float32), 0)
    np.testing.assert_allclose(values / values.max(), raw / raw.max(), atol=1e-5)


def test_layer_cam_keeps_only_positive_gradients_before_the_sum() -> None:
    """By hand: gradients (1, -2; 3, 4) on activations (5, 6; 7, -8) of one channel, 2x2."""
    model, x = flatten_head(np.float32([[[1], [-2]], [[3], [4]]]), np.float32([[[5], [6]], [[7], [-8]]]))
    np.testing.assert_allclose(ask(model, "layer_cam", x, layer="conv").values, [[5, 0], [21, 0]])


def test_ablation_cam_weighs_each_map_by_what_is_lost_without_it() -> None:
    model = mean_head()
    maps, weights = maps_of(model), model.get_layer("head").get_weights()[0][:, 1]
    losses = weights * maps.mean(axis=(0, 1))
    found = ask(model, "ablation_cam", X, class_index=1, layer="conv")
    np.testing.assert_allclose(found.values, maps @ losses, rtol=1e-3, atol=1e-4)


def test_ablation_cam_is_refused_at_a_layer_that_part_of_the_answer_goes_round() -> None:
    x = keras.Input((6, 5, 3))
    branch = layers.Conv2D(3, 3, padding="same", name="branch")(x)
    y = layers.GlobalAveragePooling2D()(layers.Add()([x, branch]))
    with pytest.raises(InvalidRequestError, match="goes round"):
        ask(filled(keras.Model(x, layers.Dense(2)(y))), "ablation_cam", X, layer="branch")


def test_eigen_cam_is_the_same_for_every_class_and_is_the_one_map_where_there_is_one() -> None:
    model = mean_head()
    first, second = (ask(model, "eigen_cam", X, class_index=c, layer="conv").values for c in (0, 2))
    assert first.tobytes() == second.tobytes()
    model, x = flatten_head(np.ones((2, 2, 1), np.float32), -np.float32([[[1], [2]], [[3], [4]]]))
    np.testing.assert_allclose(ask(model, "eigen_cam", x, layer="conv").values, [[1, 2], [3, 4]], rtol=1e-5)


def test_score_cam_weighs_no_window_where_the_answer_never_changes_and_differs_on_one_sigmoid_unit() -> None:
    assert not ask(constant(), "score_cam", X, layer="conv").values.any()
    model = mean_head(1, "sigmoid")
    cats, dogs = (ask(model, "score_cam", X, class_index=c, layer="conv").values for c in (0, 1))
    np.testing.assert_allclose(cats, -dogs, atol=1e-3 * np.abs(dogs).max())
    maps = maps_of(model)
    weights = np.linalg.lstsq(maps.reshape(-1, 4), dogs.ravel(), rcond=None)[0]
    assert np.ptp(weights) > 0.01 * np.abs(weights).max()


def test_guided_grad_cam_is_zero_where_grad_cam_is() -> None:
    model = mean_head()
    coarse = ask(model, "grad_cam", X, class_index=1, layer="conv").values
    fine = ask(model, "guided_grad_cam", X, class_index=1).values
    assert (coarse <= 0).any()
    assert not fine[coarse <= 0].any()


@pytest.mark.parametrize("key", CAMS)
@pytest.mark.parametrize("picture", [np.zeros_like(X), np.ones_like(X)], ids=["black", "constant"])
def test_a_dead_layer_gives_a_finite_blank_map(key: str, picture: np.ndarray) -> None:
    model = constant(1)
    assert not ask(model, key, picture, layer="conv").values.any()


@pytest.mark.parametrize("key", CAMS)
def test_one_channel_of_one_place_gives_a_map(key: str) -> None:
    model = filled(
        keras.Sequential(
            [
                layers.Input((4, 4, 1)),
                layers.Conv2D(1, 4, name="conv"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(1),
            ]
        )
    )
    assert ask(model, key, photo((4, 4, 1)), layer="conv").values.shape == (1, 1)


def test_score_cam_grows_channel_by_channel_as_it_is_told() -> None:
    told: list[tuple[float, object]] = []
    model = mean_head()
    final = ask(model, "score_cam", X, layer="conv", progress=Progress(tell=lambda *step: told.append(step)))
    assert told[-1][0] == 1
    np.testing.assert_array_equal(told[-1][1].values, final.values)
