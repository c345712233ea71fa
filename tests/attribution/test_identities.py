"""Every attribution method against arithmetic done by hand on networks with known weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.analyses import analysis_named
from cnn_core.analysis import NoSettings, Target
from cnn_core.attribution import blank_reason
from cnn_core.attribution.attribution_map import additivity
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT
from cnn_core.results import AttributionMap

RNG = np.random.default_rng(3)


def ask(
    model: keras.Model, key: str, inputs: np.ndarray, *, class_index: int = 0, layer: str | None = "conv"
) -> AttributionMap:
    target = Target(inputs=inputs, class_index=class_index, layer_name=layer)
    return analysis_named(key).compute(Probe(model), target, NoSettings(), SILENT)


def mean_head_net(activation: str = "softmax", units: int = 2) -> keras.Model:
    """Convolution, mean over the map, dense: the network that CAM was made for."""
    model = keras.Sequential(
        [
            layers.Input((6, 5, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(units, activation, name="head"),
        ]
    )
    model.set_weights([RNG.normal(size=w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def flatten_head_net() -> keras.Model:
    model = keras.Sequential(
        [
            layers.Input((6, 5, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(3, "softmax", name="head"),
        ]
    )
    model.set_weights([RNG.normal(size=w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def photo(shape: tuple[int, ...] = (6, 5, 3)) -> np.ndarray:
    return RNG.normal(size=(1, *shape)).astype(np.float32)


@pytest.mark.parametrize("class_index", [0, 1])
def test_grad_cam_times_the_area_is_cam_under_a_mean_head(class_index: int) -> None:
    model, x = mean_head_net(), photo()
    kernel, bias = model.get_layer("head").get_weights()
    maps = keras.Model(model.inputs[0], model.get_layer("conv").output)(x).numpy()[0]
    cam = maps @ kernel[:, class_index]

    found = ask(model, "grad_cam", x, class_index=class_index)

    np.testing.assert_allclose(found.values * cam.size, cam, rtol=1e-5, atol=1e-5)
    assert cam.mean() + bias[class_index] == pytest.approx(found.score, abs=1e-5)


@pytest.mark.parametrize("class_index", [0, 1, 2])
def test_hires_cam_adds_up_to_the_score_without_its_bias_under_a_flatten_head(class_index: int) -> None:
    model, x = flatten_head_net(), photo()
    bias = model.get_layer("head").get_weights()[1][class_index]

    found = ask(model, "hires_cam", x, class_index=class_index)

    assert found.values.sum() == pytest.approx(found.score - bias, abs=1e-4)
    assert found.residual == pytest.approx(0, abs=1e-4)
    assert analysis_named("hires_cam").check(found).holds


def test_the_residual_uncovers_grad_cam_under_a_flatten_head() -> None:
    found = ask(flatten_head_net(), "grad_cam", photo())

    assert abs(found.residual) > 0.05
    assert analysis_named("grad_cam").check(found).holds is False


@pytest.mark.parametrize(
    ("score", "total", "constant", "holds"),
    [
        (3.692, 3.676, 0.016, True),
        (0.0148, 0.0303, -0.00767, False),  # misses half of a small score
        (0.02263, 0.0303, -0.00767, True),
        (1e4, 1.2e4, -2e3, True),
        (1e4, 1.2e4, -1.9e3, False),
        (0.0, 0.0, 0.0, True),
        (0.5, 0.4, None, None),
    ],
)
def test_a_map_adds_up_if_it_misses_no_more_than_rounding_of_what_is_added(
    score: float, total: float, constant: float | None, holds: bool | None
) -> None:
    values = np.full((2, 2), total / 4, np.float32)
    found = AttributionMap(
        method="m",
        layer_name="conv",
        head=0,
        class_index=0,
        values=values,
        signed=True,
        score=score,
        extent=(0, 0, 8, 8),
        constant=constant,
    )
    check = additivity(found)
    assert check.holds is holds
    if constant is None:
        assert check.figure is None
    else:
        assert check.figure == pytest.approx(abs(score - total - constant), abs=1e-3 * abs(total))


def test_grad_cam_can_have_the_wrong_sign_where_hires_cam_is_right() -> None:
    """One channel, one bright cell, whose own weight is negative while the mean weight is positive."""
    model = keras.Sequential(
        [
            layers.Input((2, 2, 1)),
            layers.Conv2D(1, 1, use_bias=False, name="conv"),
            layers.Flatten(),
            layers.Dense(2, use_bias=False),
        ]
    )
    weights = np.array([[-1.0, 0], [3, 0], [3, 0], [3, 0]], np.float32)
    model.set_weights([np.ones((1, 1, 1, 1), np.float32), weights])
    x = np.zeros((1, 2, 2, 1), np.float32)
    x[0, 0, 0, 0] = 2

    np.testing.assert_allclose(ask(model, "hires_cam", x).values, [[-2, 0], [0, 0]])
    np.testing.assert_allclose(ask(model, "grad_cam", x).values, [[4, 0], [0, 0]])


@pytest.mark.parametrize("key", ["grad_cam", "hires_cam"])
def test_the_two_classes_of_a_sigmoid_unit_have_exactly_opposite_maps(key: str) -> None:
    model, x = mean_head_net("sigmoid", 1), photo()

    cats, dogs = (ask(model, key, x, class_index=c) for c in (0, 1))

    np.testing.assert_array_equal(cats.values, -dogs.values)
    assert cats.score == -dogs.score


def test_a_confident_answer_keeps_its_gradient() -> None:
    """In float32 the sigmoid of 17 is 1, and the gradient of the probability would vanish."""
    model, x = mean_head_net("sigmoid", 1), photo()
    kernel, _ = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([kernel, np.array([40.0], np.float32)])

    assert float(model(x)[0, 0]) == 1.0
    assert np.abs(ask(model, "grad_cam", x, class_index=1).values).max() > 0


@pytest.mark.parametrize("class_index", [0, 1])
def test_saliency_of_a_linear_model_is_the_largest_weight_of_each_pixel(class_index: int) -> None:
    model = keras.Sequential([layers.Input((4, 3, 3)), layers.Flatten(), layers.Dense(2, "softmax")])
    kernel = model.get_weights()[0][:, class_index].reshape(4, 3, 3)

    found = ask(model, "saliency", photo((4, 3, 3)), class_index=class_index, layer=None)

    np.testing.assert_allclose(found.values, np.abs(kernel).max(axis=-1), rtol=1e-6)


def test_a_map_of_a_net_without_padding_covers_less_than_the_picture() -> None:
    model = keras.Sequential(
        [
            layers.Input((12, 12, 3)),
            layers.Conv2D(2, 3, name="first"),
            layers.MaxPooling2D(),
            layers.Conv2D(2, 3, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, "softmax"),
        ]
    )

    found = ask(model, "grad_cam", photo((12, 12, 3)))

    # Units see 8 pixels and are 2 apart; the first box is pixels 0 to 7, so its centre is 4.
    assert found.values.shape == (3, 3)
    assert found.extent == (3.0, 3.0, 9.0, 9.0)


def test_one_channel_and_a_constant_picture_give_a_finite_map() -> None:
    model = keras.Sequential(
        [
            layers.Input((5, 5, 1)),
            layers.Conv2D(1, 3, padding="same", activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])

    found = ask(model, "grad_cam", np.ones((1, 5, 5, 1), np.float32), class_index=1)

    assert not found.values.any()
    reason = blank_reason(found, signed=True)
    assert reason is not None
    assert "zero everywhere" in reason.sentence
    assert reason.remedy == "layer"


def test_a_blank_positive_map_says_that_everything_speaks_against_the_class() -> None:
    model, x = mean_head_net("sigmoid", 1), photo()
    kernel, bias = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([-np.abs(kernel), bias])

    against = ask(model, "hires_cam", x, class_index=1)

    reason = blank_reason(against, signed=False)
    assert reason is not None
    assert "speaks against" in reason.sentence
    assert reason.remedy == "signed"
    assert blank_reason(against, signed=True) is None
    assert blank_reason(ask(model, "hires_cam", x, class_index=0), signed=False) is None


@pytest.mark.parametrize("key", ["grad_cam", "hires_cam"])
@pytest.mark.parametrize("layer", [None, "no such layer"])
def test_a_missing_layer_is_refused_with_advice(key: str, layer: str | None) -> None:
    with pytest.raises(InvalidRequestError, match="Choose"):
        ask(mean_head_net(), key, photo(), layer=layer)


def test_a_map_of_one_cell_and_one_of_equal_cells_cannot_say_where() -> None:
    model = keras.Sequential(
        [layers.Input((4, 4, 1)), layers.Conv2D(1, 4, name="conv"), layers.Flatten(), layers.Dense(1)]
    )
    reason = blank_reason(ask(model, "hires_cam", np.ones((1, 4, 4, 1), np.float32)), signed=True)
    assert reason is not None
    assert "one cell" in reason.sentence
    pixels = keras.Sequential([layers.Input((2, 2, 1)), layers.Flatten(), layers.Dense(1, use_bias=False)])
    black = ask(pixels, "gradient_x_input", np.zeros((1, 2, 2, 1), np.float32), layer=None)
    reason = blank_reason(black, signed=True)
    assert reason is not None
    assert reason.remedy == "method"
