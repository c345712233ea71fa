"""Objectives: what they measure, short ways included, and how they are combined."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, with_seeded_weights

from cnn_core.architectures import Plan
from cnn_core.architectures.photo_cnn import photo_cnn
from cnn_core.errors import InvalidRequestError
from cnn_core.feature_visualization.engine.mean_window import tap_windows
from cnn_core.feature_visualization.engine.objectives import (
    ChannelMean,
    ClassLogit,
    LayerNorm,
    Objective,
    compiled,
)
from cnn_core.probe.probe import Probe


def scores(probe: Probe, objective: Objective, images: np.ndarray, precision: str = "float32") -> np.ndarray:
    score = compiled(objective, probe, images.shape[1:3], precision)
    return np.asarray(score(images, objective.arguments(len(images))))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5)])
def test_the_mean_window_gives_the_mean_of_the_map(
    padding: str, stride: int, dilation: int, kernel: tuple[int, int]
) -> None:
    inputs = keras.Input((13, 12, 2))
    conv = layers.Conv2D(4, kernel, strides=stride, dilation_rate=dilation, padding=padding, name="conv")
    model = with_seeded_weights(keras.Model(inputs, layers.GlobalAveragePooling2D()(conv(inputs))))
    images, channels = noise(4, 13, 12, 2), (0, 3, 2, 1)
    short = scores(Probe(model), ChannelMean(layer_name="conv", index=channels), images)
    long = model.predict(images, verbose=0)[np.arange(4), channels]
    np.testing.assert_allclose(short, long, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_every_convolution_of_every_kind_of_net_gives_the_mean_before_its_non_linearity(entry: Entry) -> None:
    probe, images = Probe(entry.model()), entry.inputs(2)
    names = [info.name for info in probe.layers if info.convolution]
    for name in names:
        means = probe.before_activation(images, name).mean(axis=(1, 2))
        channels = (0, means.shape[1] - 1)
        found = scores(probe, ChannelMean(layer_name=name, index=channels), images)
        np.testing.assert_allclose(found, means[np.arange(2), channels], rtol=1e-4, atol=1e-5)
    last = ChannelMean(layer_name=names[-1], index=(0, 1))
    fast = scores(probe, last, images, "mixed_bfloat16")  # enough to follow the gradient
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, scores(probe, last, images), atol=0.03)
    assert {layer.compute_dtype for layer in probe.model.layers} == {"float32"}


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_the_logit_of_every_class_is_that_of_the_probe(entry: Entry) -> None:
    probe, images = Probe(entry.model()), entry.inputs(2)
    for head, expected in enumerate(probe.scores(images)):
        classes = (0, expected.shape[1] - 1)
        found = scores(probe, ClassLogit(head=head, index=classes), images)
        np.testing.assert_allclose(found, expected[np.arange(2), classes], rtol=1e-4, atol=1e-5)


def test_a_dense_layer_has_units_too() -> None:
    inputs = keras.Input((6, 6, 3))
    probe = Probe(keras.Model(inputs, layers.Dense(4, "relu", name="dense")(layers.Flatten()(inputs))))
    found = scores(probe, ChannelMean(layer_name="dense", index=(1, 3)), noise(2, 6, 6, 3))
    expected = probe.before_activation(noise(2, 6, 6, 3), "dense")[[0, 1], [1, 3]]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_objectives_are_added_subtracted_and_scaled() -> None:
    """One picture of 1 and -2; maps ``2x + 1`` = 3, -3 and ``-x`` = -1, 2; ReLU; mean; logit ``4a - b``."""
    inputs = keras.Input((1, 2, 1))
    conv = layers.Conv2D(2, 1, activation="relu", name="conv")
    dense = layers.Dense(1, "sigmoid", name="dense")
    probe = Probe(keras.Model(inputs, dense(layers.GlobalAveragePooling2D()(conv(inputs)))))
    conv.set_weights([np.float32([[[[2, -1]]]]), np.float32([1, 0])])
    dense.set_weights([np.float32([[4], [-1]]), np.float32([0.5])])
    picture = np.float32([[[[1], [-2]]]])
    first, second = (ChannelMean(layer_name="conv", index=channel) for channel in (0, 1))
    norm, logit = LayerNorm(layer_name="conv"), ClassLogit(index=1)
    by_hand = {
        first: 0.0,
        second: 0.5,
        norm: (9 + 4) / 4,
        logit: 4 * 1.5 - 1 + 0.5,
        logit - 0.5 * norm: 5.5 - 1.625,
        -(first + second * 3.0) + norm: -1.5 + 3.25,
        second - second: 0.0,
    }
    for objective, expected in by_hand.items():
        assert scores(probe, objective, picture) == pytest.approx(expected)


def test_taps_meet_the_cells_that_they_slide_over() -> None:
    """Three taps over four cells, no padding: two positions."""
    expected = [[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5]]
    np.testing.assert_array_equal(tap_windows(4, 3, 1, 1, same=False), expected)


def test_taps_on_padding_meet_nothing() -> None:
    expected = [[0.5, 0.0], [0.5, 0.5], [0.0, 0.5]]
    np.testing.assert_array_equal(tap_windows(2, 3, 1, 1, same=True), expected)


@pytest.mark.parametrize("side", [16, 24])
def test_images_too_small_to_be_mirrored_at_their_frame_are_refused(side: int) -> None:
    """Keras finds a mirrored map of one cell only when it computes it."""
    probe = Probe(photo_cnn(Plan(size_px=64)))
    with pytest.raises(InvalidRequestError, match="larger size"):
        compiled(ChannelMean(layer_name="block5_conv2"), probe, (side, side))


def test_the_smallest_images_that_can_be_mirrored_are_taken() -> None:
    last = ChannelMean(layer_name="block5_conv2", index=5)
    assert np.isfinite(scores(Probe(photo_cnn(Plan(size_px=64))), last, noise(1, 32, 32, 3))).all()


def test_a_head_that_takes_one_size_refuses_another() -> None:
    inputs = keras.Input((6, 6, 3))
    probe = Probe(keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs))))
    with pytest.raises(InvalidRequestError, match="8 x 8"):
        compiled(ClassLogit(), probe, (8, 8))
