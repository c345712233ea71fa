"""The costs of layers add up to what Keras says, and to what one counts by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.probe.architecture import LayerCost
from cnn_core.probe.probe import Probe


def costs_of(model: keras.Model) -> dict[str, LayerCost]:
    return {cost.name: cost for cost in Probe(model).costs}


def shared_twice() -> keras.Model:
    """One convolution that is called twice, in a network within the network."""
    inner_in = keras.Input((8, 8, 3))
    inner = keras.Model(inner_in, layers.BatchNormalization()(layers.Conv2D(3, 3, padding="same")(inner_in)))
    x = keras.Input((8, 8, 3))
    y = layers.GlobalAveragePooling2D()(inner(inner(x)))
    return keras.Model(x, layers.Dense(2)(y))


NETWORKS = {
    "MobileNetV2": lambda: keras.applications.MobileNetV2((64, 64, 3), weights=None, classes=4, alpha=0.35),
    "ResNet50V2": lambda: keras.applications.ResNet50V2(input_shape=(64, 64, 3), weights=None, classes=4),
    "DenseNet121": lambda: keras.applications.DenseNet121(input_shape=(64, 64, 3), weights=None, classes=4),
    "VGG16": lambda: keras.applications.VGG16(input_shape=(64, 64, 3), weights=None, include_top=False),
    "shared twice": shared_twice,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_add_up_to_those_of_the_summary(name: str) -> None:
    model = NETWORKS[name]()
    costs = costs_of(model).values()
    assert sum(cost.parameters for cost in costs) == model.count_params()
    assert sum(cost.trained for cost in costs) == sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_multiply_adds_are_those_that_one_counts_by_hand() -> None:
    model = keras.Sequential(
        [
            keras.Input((10, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"),
            layers.SeparableConv2D(5, 3, padding="same", name="separable"),
            layers.Conv2DTranspose(2, 2, strides=2, name="spread"),
            layers.Conv2D(6, 1, groups=2, name="grouped"),
            layers.Flatten(name="flat"),
            layers.Dense(7, name="dense"),
        ]
    )
    found = {name: cost.multiply_adds for name, cost in costs_of(model).items()}
    assert found == {
        "conv": 8 * 6 * 3 * 3 * 3 * 4,
        "depthwise": 4 * 3 * 3 * 3 * 4,
        "separable": 4 * 3 * (3 * 3 * 4 + 4 * 5),
        "spread": 4 * 3 * 2 * 2 * 2 * 5,
        "grouped": 8 * 6 * 1 * 6,
        "flat": 0,
        "dense": 8 * 6 * 6 * 7,
    }


def test_vgg16_has_those_of_the_paper_and_two_stacked_3x3_see_5x5_three_7x7() -> None:
    model = keras.applications.VGG16(input_shape=(224, 224, 3), weights=None, include_top=False)
    probe = Probe(model)
    # 15.5 billion with the dense layers, of which these have 0.12.
    assert sum(cost.multiply_adds or 0 for cost in probe.costs) == pytest.approx(15.35e9, rel=0.005)
    sizes = {info.name: info.receptive_field.size_px for info in probe.layers if info.receptive_field}
    jumps = {info.name: info.receptive_field.jump_px for info in probe.layers if info.receptive_field}
    assert sizes["block1_conv1"] == (3, 3)
    assert sizes["block1_conv2"] == (5, 5)
    before, jump = sizes["block2_pool"][0], jumps["block2_pool"][0]
    seen = [1 + (sizes[f"block3_conv{number}"][0] - before) / jump for number in (1, 2, 3)]
    assert seen == [3, 5, 7]


def test_the_size_of_a_free_picture_leaves_the_work_open() -> None:
    x = keras.Input((None, None, 3))
    model = keras.Model(x, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(x)))
    assert costs_of(model)["conv"].multiply_adds is None
    assert costs_of(model)["conv"].inputs == ()
