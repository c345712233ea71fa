"""The short way to the mean of a convolution's map gives what the long way gives."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, with_seeded_weights

from cnn_core.architectures import Plan
from cnn_core.architectures.photo_cnn import photo_cnn
from cnn_core.errors import InvalidRequestError
from cnn_core.feature_visualization.engine.objectives import channel_count, channel_objective, tap_windows
from cnn_core.probe.probe import Probe


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5)])
def test_the_mean_window_gives_the_mean_of_the_map(
    padding: str, stride: int, dilation: int, kernel: tuple[int, int]
) -> None:
    inputs = keras.Input((13, 12, 2))
    conv = layers.Conv2D(4, kernel, strides=stride, dilation_rate=dilation, padding=padding, name="conv")
    model = with_seeded_weights(keras.Model(inputs, layers.GlobalAveragePooling2D()(conv(inputs))))
    pictures = np.random.default_rng(5).normal(size=(4, 13, 12, 2)).astype(np.float32)
    short = channel_objective(Probe(model), "conv", (13, 12))(pictures, np.int32([0, 3, 2, 1]))
    long = model.predict(pictures, verbose=0)[np.arange(4), [0, 3, 2, 1]]
    np.testing.assert_allclose(short, long, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_every_convolution_of_every_kind_of_net_gives_the_mean_before_its_non_linearity(entry: Entry) -> None:
    probe, pictures = Probe(entry.model()), entry.inputs(2)
    for info in probe.layers:
        if not info.convolution:
            continue
        channels = np.int32([0, channel_count(probe, info.name) - 1])
        means = probe.before_activation(pictures, info.name).mean(axis=(1, 2))
        scores = channel_objective(probe, info.name, entry.size_px)(pictures, channels)
        np.testing.assert_allclose(scores, means[np.arange(2), channels], rtol=1e-4, atol=1e-5)


def test_a_dense_layer_has_units_too() -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, layers.Dense(4, "relu", name="dense")(layers.Flatten()(inputs)))
    pictures = np.random.default_rng(6).normal(size=(2, 6, 6, 3)).astype(np.float32)
    scores = channel_objective(Probe(model), "dense", (6, 6))(pictures, np.int32([1, 3]))
    expected = Probe(model).before_activation(pictures, "dense")[[0, 1], [1, 3]]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


def test_taps_meet_the_cells_that_they_slide_over() -> None:
    """Three taps over four cells, no padding: two positions."""
    expected = [[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5]]
    np.testing.assert_array_equal(tap_windows(4, 3, 1, 1, same=False), expected)


def test_taps_on_padding_meet_nothing() -> None:
    expected = [[0.5, 0.0], [0.5, 0.5], [0.0, 0.5]]
    np.testing.assert_array_equal(tap_windows(2, 3, 1, 1, same=True), expected)


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_half_precision_is_enough_to_climb_by(entry: Entry) -> None:
    probe, pictures = Probe(entry.model()), entry.inputs(2)
    layer = [info for info in probe.layers if info.convolution][-1].name
    exact, fast = (
        np.asarray(channel_objective(probe, layer, entry.size_px, precision)(pictures, np.int32([0, 1])))
        for precision in ("float32", "mixed_bfloat16")
    )
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, exact, atol=0.03)
    assert {layer.compute_dtype for layer in probe.model.layers} == {"float32"}


@pytest.mark.parametrize("side", [16, 24])
def test_pictures_too_small_to_be_mirrored_at_their_frame_are_refused(side: int) -> None:
    """Keras finds a mirrored map of one cell only when it computes it."""
    probe = Probe(photo_cnn(Plan(size_px=64)))
    with pytest.raises(InvalidRequestError, match="larger size"):
        channel_objective(probe, "block5_conv2", (side, side))


def test_the_smallest_pictures_that_can_be_mirrored_are_taken() -> None:
    objective = channel_objective(Probe(photo_cnn(Plan(size_px=64))), "block5_conv2", (32, 32))
    scores = objective(np.zeros((1, 32, 32, 3), np.float32), np.int32([5]))
    assert np.isfinite(scores).all()
