"""Networks of Keras 2 answer as NumPy says they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras2_files import Config, Weights, after, functional, layer, write_h5

from cnn_core.errors import ModelError
from cnn_core.models.legacy_keras.rebuild import rebuilt
from cnn_core.models.legacy_keras.weights import load_weights

PICTURES = np.random.default_rng(1).integers(0, 256, (2, 4, 4, 3)).astype(np.float32)
OLD_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "seed": None, "dtype": "float32"},
}
INPUT = layer("InputLayer", "in", [], batch_input_shape=[None, 4, 4, 3], sparse=False, ragged=False)


def answer(description: Config, weights: Weights, tmp_path: Path) -> Any:
    """What the rebuilt network says of the pictures."""
    model = rebuilt(description)
    load_weights(model, write_h5(tmp_path / "model.h5", description, weights), whole=True)
    return keras.ops.convert_to_numpy(model(PICTURES))


def random(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_arithmetic_of_the_transfer_tutorial(tmp_path: Path) -> None:
    layers = [
        INPUT,
        layer("TFOpLambda", "div", [["in", 0, 0, {"y": 127.5, "name": None}]], function="math.truediv"),
        layer("TFOpLambda", "sub", [["div", 0, 0, {"y": 1.0, "name": None}]], function="math.subtract"),
        layer("TFOpLambda", "twice", [["sub", 0, 0, {"y": ["sub", 0, 0]}]], function="__operators__.add"),
        layer(
            "TFOpLambda",
            "from_two",
            [["_CONSTANT_VALUE", -1, 2.0, {"y": ["twice", 0, 0]}]],
            function="math.subtract",
        ),
        layer(
            "SlicingOpLambda",
            "bgr",
            [["from_two", 0, 0, {"slice_spec": {"start": None, "stop": None, "step": -1}}]],
        ),
        layer("TFOpLambda", "both", after("bgr", "twice", axis=-1), function="concat"),
        layer(
            "TFOpLambda",
            "mean",
            [["both", 0, 0, {"axis": [1, 2], "keepdims": False}]],
            function="math.reduce_mean",
        ),
        layer("TFOpLambda", "act", [["mean", 0, 0, {}]], function="nn.relu"),
    ]
    x = 2 * (PICTURES / 127.5 - 1)
    expected = np.maximum(np.concatenate([(2 - x)[::-1], x], axis=-1).mean(axis=(1, 2)), 0)
    np.testing.assert_allclose(answer(functional(layers, "in", "act"), {}, tmp_path), expected, atol=1e-5)


def test_a_frozen_network_within_the_network_takes_its_weights_in_their_order(tmp_path: Path) -> None:
    statistics = {
        name: 1 + np.abs(random(3)) * scale
        for name, scale in (("gamma", 1), ("beta", 2), ("moving_mean", 3), ("moving_variance", 4))
    }
    inner = functional(
        [
            layer("InputLayer", "inner_in", [], batch_input_shape=[None, 4, 4, 3]),
            layer(
                "DepthwiseConv2D",
                "dw",
                after("inner_in"),
                kernel_size=[1, 1],
                groups=1,
                strides=[1, 1],
                padding="same",
                use_bias=False,
                depthwise_initializer=OLD_INITIALIZER,
            )
            | {
                "config": {
                    "name": "dw",
                    "trainable": False,
                    "kernel_size": [1, 1],
                    "groups": 1,
                    "use_bias": False,
                    "depthwise_initializer": OLD_INITIALIZER,
                }
            },
            layer(
                "BatchNormalization", "bn", after("dw"), axis=[3], epsilon=0.001, fused=True, trainable=False
            ),
        ],
        "inner_in",
        "bn",
        "base",
    )
    layers = [
        INPUT,
        inner | {"name": "base", "inbound_nodes": after("in", training=False)},
        layer("GlobalAveragePooling2D", "pool", after("base", node=1)),
        layer(
            "Dense", "answer", after("pool"), units=2, activation="linear", kernel_initializer=OLD_INITIALIZER
        ),
    ]
    depthwise, kernel, bias = random(1, 1, 3, 1), random(3, 2), random(2)
    weights: Weights = {
        "base": {"depthwise_kernel": depthwise, **statistics},
        "answer": {"kernel": kernel, "bias": bias},
    }
    x = PICTURES * depthwise[0, 0, :, 0]
    x = (x - statistics["moving_mean"]) / np.sqrt(statistics["moving_variance"] + 0.001) * statistics[
        "gamma"
    ] + statistics["beta"]
    found = answer(functional(layers, "in", "answer"), weights, tmp_path)
    np.testing.assert_allclose(found, x.mean(axis=(1, 2)) @ kernel + bias, rtol=1e-4)


def test_a_sequential_network_without_an_input_layer(tmp_path: Path) -> None:
    kernel, bias = random(1, 1, 3, 2), random(2)
    parts = [
        {
            "class_name": "Conv2D",
            "config": {
                "name": "conv",
                "batch_input_shape": [None, 4, 4, 3],
                "filters": 2,
                "kernel_size": [1, 1],
            },
        },
        {"class_name": "Flatten", "config": {"name": "flat"}},
    ]
    description = {"class_name": "Sequential", "config": {"name": "plain", "layers": parts}}
    found = answer(description, {"conv": {"kernel": kernel, "bias": bias}, "flat": {}}, tmp_path)
    np.testing.assert_allclose(found, (PICTURES @ kernel[0, 0] + bias).reshape(2, -1), rtol=1e-4)


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (layer("LocallyConnected2D", "local", after("in")), "'LocallyConnected2D'"),
        (layer("TFOpLambda", "odd", [["in", 0, 0, {}]], function="signal.stft"), "'signal.stft'"),
        (layer("TFOpLambda", "div", [["in", 0, 0, {}]], function="math.truediv"), "'div' without some of it"),
        (layer("LSTM", "time", after("in"), units=2, time_major=True), "time_major=True"),
        (layer("ReLU", "lost", after("nowhere")), "'lost', whose inputs are nowhere"),
        (layer("Conv2D", "conv", after("in"), filters=2, kernel_size=[9, 9]), "'conv'"),
    ],
)
def test_what_cannot_be_built_again_is_named(part: Config, found: str) -> None:
    with pytest.raises(ModelError, match="Received") as caught:
        rebuilt(functional([INPUT, part], "in", part["name"]))
    assert found in str(caught.value)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    description = functional([INPUT, layer("Dense", "answer", after("in"), units=2)], "in", "answer")
    path = write_h5(tmp_path / "m.h5", description, {"answer": {"kernel": random(5, 2), "bias": random(2)}})
    with pytest.raises(ModelError, match="'answer'"):
        load_weights(rebuilt(description), path, whole=True)
