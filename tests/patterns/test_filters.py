"""Patterns of whole layers: every promise of ``filter_patterns``, on nets made by hand."""

from __future__ import annotations

import hashlib

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named, with_seeded_weights

from cnn_core.errors import Cancelled, InvalidRequestError
from cnn_core.feature_visualization import (
    PatternParams,
    filter_patterns,
    first_layer_kernels,
    strongest_patterns,
)
from cnn_core.feature_visualization.engine.canvas_size import fitting_size, play_px
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.neurons.statistics import ChannelStatistics, channel_statistics
from cnn_core.probe.probe import Probe
from cnn_core.results import FilterPatterns

QUICK = PatternParams(steps=10)


def small_net() -> keras.Model:
    inputs = keras.Input((24, 24, 3))
    x = layers.Conv2D(6, 3, padding="same", name="conv1")(inputs)
    x = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(x))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2")(layers.MaxPooling2D()(x))
    return with_seeded_weights(
        keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling2D()(x)))
    )


def linear_net(kernel: np.ndarray) -> keras.Model:
    side, _, channels = kernel.shape
    inputs = keras.Input((side, side, channels))
    conv = layers.Conv2D(1, side, name="conv")
    model = keras.Model(inputs, layers.Flatten()(conv(inputs)))
    conv.set_weights([kernel[..., None], np.zeros(1)])
    return model


def photo_statistics(probe: Probe) -> dict[str, ChannelStatistics]:
    height, width, channels = probe.input_shape
    photos = np.random.default_rng(1).uniform(0, 1, (20, height, width, channels)).astype(np.float32)
    return channel_statistics(probe, [photos])


def weights_digest(model: keras.Model) -> str:
    return hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.get_weights())).hexdigest()


@pytest.fixture(scope="module")
def probe() -> Probe:
    return Probe(small_net())


@pytest.fixture(scope="module")
def found(probe: Probe) -> FilterPatterns:
    return filter_patterns(probe, "conv2", params=QUICK, statistics=photo_statistics(probe))


def test_the_objective_rises(found: FilterPatterns) -> None:
    assert (found.scores > found.history[0]).all()
    assert found.history.shape == (QUICK.steps + 1, 5)


def test_the_score_is_that_of_the_picture_shown(probe: Probe, found: FilterPatterns) -> None:
    inputs = probe.preprocessing.apply(found.patterns)
    means = probe.before_activation(inputs, "conv2").mean(axis=(1, 2))
    np.testing.assert_allclose(found.scores, means[np.arange(5), found.channels], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.history[-1], found.scores)


def test_strength_is_measured_against_photos(probe: Probe, found: FilterPatterns) -> None:
    photos = photo_statistics(probe)["conv2"]
    np.testing.assert_allclose(found.z_scores, (found.scores - photos.mean) / photos.std, rtol=1e-5)
    np.testing.assert_array_equal(found.exceeds_dataset_maximum, found.scores > photos.maximum)
    assert found.has_z_scores


def test_without_photos_there_is_no_strength_and_nothing_counts_as_dead(probe: Probe) -> None:
    patterns = filter_patterns(probe, "conv1", channels=[2], params=QUICK)
    assert not patterns.has_z_scores
    assert patterns.active.all()
    assert not patterns.z_scores.any()


def test_same_call_same_bytes(probe: Probe, found: FilterPatterns) -> None:
    again = filter_patterns(probe, "conv2", params=QUICK, statistics=photo_statistics(probe))
    for name in ("patterns", "scores", "history", "growth"):
        assert getattr(found, name).tobytes() == getattr(again, name).tobytes()


def test_another_seed_gives_another_picture(probe: Probe, found: FilterPatterns) -> None:
    other = filter_patterns(probe, "conv2", params=PatternParams(steps=10, seed=1))
    assert not np.array_equal(found.patterns, other.patterns)


def test_a_channel_gets_nearly_the_same_picture_alone_and_among_others(
    probe: Probe, found: FilterPatterns
) -> None:
    alone = filter_patterns(probe, "conv2", channels=[3], params=QUICK)
    difference = np.abs(alone.patterns[0].astype(int) - found.patterns[3])
    assert np.median(difference) <= 1


def test_the_model_is_left_as_it_was() -> None:
    model = small_net()
    before = weights_digest(model), len(model.layers[1]._inbound_nodes)
    filter_patterns(Probe(model), "conv2", params=QUICK)
    assert before == (weights_digest(model), len(model.layers[1]._inbound_nodes))


def test_a_dead_channel_is_reported_and_not_climbed(probe: Probe) -> None:
    photos = photo_statistics(probe)["conv2"]
    fires = photos.fires.copy()
    fires[1] = 0
    known = ChannelStatistics(mean=photos.mean, std=photos.std, maximum=photos.maximum, fires=fires)
    patterns = filter_patterns(probe, "conv2", params=QUICK, statistics={"conv2": known})
    assert patterns.active.tolist() == [True, False, True, True, True]
    assert (patterns.patterns[1] == 128).all()
    assert np.ptp(patterns.history[:, 1]) == 0
    assert not patterns.exceeds_dataset_maximum[1]
    assert strongest_patterns(patterns).channels[-1] == 1
    assert np.ptp(patterns.patterns[2]) > 50


def test_a_layer_of_dead_channels_only_gives_grey_pictures(probe: Probe) -> None:
    nothing = np.zeros(5, np.float32)
    known = ChannelStatistics(mean=nothing, std=nothing, maximum=nothing, fires=nothing)
    patterns = filter_patterns(probe, "conv2", params=QUICK, statistics={"conv2": known})
    assert (patterns.patterns == 128).all()
    assert not patterns.active.any()
    assert not patterns.z_scores.any()


def test_a_unit_far_below_zero_still_climbs() -> None:
    inputs = keras.Input((16, 16, 3))
    conv = layers.Conv2D(1, 3, activation="relu", name="conv")
    model = keras.Model(inputs, layers.Flatten()(conv(inputs)))
    kernel = np.random.default_rng(2).normal(size=(3, 3, 3, 1))
    conv.set_weights([kernel, np.asarray([-100.0])])
    patterns = filter_patterns(Probe(model), "conv", params=QUICK)
    assert patterns.history[0, 0] < -90
    assert patterns.scores[0] > patterns.history[0, 0] + 1


def test_normalisation_and_relu_as_layers_are_part_of_the_unit(probe: Probe) -> None:
    patterns = filter_patterns(probe, "conv1", params=QUICK)
    inputs = probe.preprocessing.apply(patterns.patterns)
    before_relu = probe.activations(inputs, ["norm1"])["norm1"].mean(axis=(1, 2))
    np.testing.assert_allclose(patterns.scores, before_relu[np.arange(6), np.arange(6)], rtol=1e-4, atol=1e-5)


def test_a_linear_unit_is_climbed_along_its_kernel() -> None:
    """Small steps of plain, unscaled, uncorrelated waves: the climb is the gradient, the kernel."""
    kernel = np.random.default_rng(3).normal(size=(9, 9, 3))
    params = PatternParams(steps=8, jitter=0.0, smoothness=0.0, colour=0.0, contrast=1.0)
    probe = Probe(linear_net(kernel), preprocessing=Preprocessing(scale=(1 / 127.5,), offset=(-1.0,)))
    pattern = probe.preprocessing.apply(filter_patterns(probe, "conv", params=params).patterns[0])
    cosine = (pattern * kernel).sum() / np.linalg.norm(pattern) / np.linalg.norm(kernel)
    assert cosine > 0.98


def test_a_long_climb_of_a_linear_unit_ends_at_black_and_white() -> None:
    kernel = np.random.default_rng(4).normal(size=(5, 5, 1))
    params = PatternParams(steps=64, jitter=0.0, smoothness=0.0, contrast=20.0)
    patterns = filter_patterns(Probe(linear_net(kernel)), "conv", params=params)
    highest = np.maximum(kernel, 0).sum()
    assert patterns.scores[0] > 0.97 * highest


def test_progress_rises_to_one(probe: Probe) -> None:
    told: list[float] = []
    filter_patterns(probe, "conv2", params=PatternParams(steps=20), progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1
    assert len(told) > 3


def test_cancelling_stops_between_chunks(probe: Probe) -> None:
    told: list[float] = []
    with pytest.raises(Cancelled):
        filter_patterns(
            probe,
            "conv2",
            params=PatternParams(steps=80),
            progress=told.append,
            cancelled=lambda: len(told) >= 2,
        )
    assert told[-1] < 0.5


def test_growth_shows_the_way_from_noise_to_the_pattern(found: FilterPatterns) -> None:
    assert found.growth_steps[0] == 0
    assert found.growth_steps[-1] == QUICK.steps
    assert found.growth.shape[0] == len(found.growth_steps)
    np.testing.assert_array_equal(found.growth[-1], found.patterns)
    assert found.growth[0].std() < found.growth[-1].std() / 3


def test_growth_can_be_left_out(probe: Probe) -> None:
    patterns = filter_patterns(probe, "conv2", channels=[0], params=QUICK, growth_frames=0)
    assert patterns.growth.shape[0] == 0


def test_chosen_channels_come_in_the_order_asked_for(probe: Probe) -> None:
    patterns = filter_patterns(probe, "conv2", channels=[4, 0], params=QUICK)
    assert patterns.channels.tolist() == [4, 0]


@pytest.mark.parametrize("channels", [[5], [-1], []])
def test_channels_that_do_not_exist_are_refused(probe: Probe, channels: list[int]) -> None:
    with pytest.raises(InvalidRequestError, match="channels from 0 to 4"):
        filter_patterns(probe, "conv2", channels=channels, params=QUICK)


def test_a_layer_that_does_not_exist_is_refused(probe: Probe) -> None:
    with pytest.raises(InvalidRequestError):
        filter_patterns(probe, "conv9", params=QUICK)


def test_the_strongest_are_those_with_the_highest_scores(found: FilterPatterns) -> None:
    best = strongest_patterns(found, 2)
    assert best.scores.tolist() == sorted(found.scores.tolist(), reverse=True)[:2]
    np.testing.assert_array_equal(best.patterns[0], found.patterns[int(np.argmax(found.scores))])
    assert best.history.shape == (QUICK.steps + 1, 2)


def test_a_canvas_of_another_size_is_used(probe: Probe) -> None:
    patterns = filter_patterns(probe, "conv2", channels=[0], params=PatternParams(steps=8, canvas_px=40))
    assert patterns.patterns.shape == (1, 40, 40, 3)


def test_a_model_that_takes_one_size_only_gets_that() -> None:
    inputs = keras.Input((12, 12, 3))
    x = layers.Reshape((12, 12, 3))(inputs)
    x = layers.Conv2D(2, 3, name="conv")(x)
    probe = Probe(keras.Model(inputs, layers.GlobalAveragePooling2D()(x)))
    patterns = filter_patterns(probe, "conv", params=PatternParams(steps=8, canvas_px=40))
    assert patterns.patterns.shape == (2, 12, 12, 3)


def test_the_canvas_fits_what_a_unit_sees() -> None:
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(2, 3, padding="same", name="near")(inputs)
    for _ in range(4):
        x = layers.MaxPooling2D()(layers.Conv2D(2, 3, padding="same")(x))
    x = layers.Conv2D(2, 3, padding="same", name="far")(x)
    gate = layers.Dense(2, name="whole")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    probe = Probe(keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Multiply()([x, gate]))))
    field = probe.layer("far").receptive_field
    assert field is not None
    assert fitting_size(probe, "near") == (64, 64)
    assert fitting_size(probe, "far")[0] == -(-(field.size_px[0] * 3 // 2) // 16) * 16
    assert fitting_size(probe, "whole") == (224, 224)
    assert play_px(probe, "near", (48, 48)) == (48, 48)
    assert play_px(probe, "far", (field.size_px[0] + 30, field.size_px[1] * 2))[0] == 30
    assert play_px(probe, "far", (field.size_px[0] + 30, field.size_px[1] * 2))[1] == field.size_px[1] * 2
    assert play_px(probe, "whole", (100, 100)) == (8, 8)


@pytest.mark.parametrize("name", ["grey_input", "four_channels", "size_none", "reflect_padding_operation"])
def test_any_kind_of_input_can_be_climbed(name: str) -> None:
    entry = entry_named(name)
    probe = Probe(entry.model())
    patterns = filter_patterns(probe, "conv1", params=PatternParams(steps=8, canvas_px=20, jitter=0.0))
    assert patterns.patterns.shape[1:] == (20, 20, entry.channels)
    assert (patterns.scores > patterns.history[0]).all()


def test_a_network_with_blue_first_gets_its_own_range() -> None:
    """Caffe's range: no scaling, means taken off, blue first. The kernel likes red; so is the picture."""
    kernel = np.zeros((5, 5, 3))
    kernel[..., 2] = 1.0  # red comes last
    kernel[..., 0] = -1.0
    caffe = Preprocessing(scale=(1.0,), offset=(-103.9, -116.8, -123.7), channel_order="bgr")
    probe = Probe(linear_net(kernel), preprocessing=caffe)
    red, _, blue = (
        filter_patterns(probe, "conv", params=PatternParams(steps=16)).patterns[0].mean(axis=(0, 1))
    )
    assert red > 200
    assert blue < 55


def test_kernels_of_the_first_layer_are_its_weights(probe: Probe) -> None:
    kernels = first_layer_kernels(probe)
    weights = probe.model.get_layer("conv1").get_weights()[0]
    assert kernels.dtype == np.float32
    np.testing.assert_array_equal(kernels, weights.transpose(3, 0, 1, 2))


def test_kernels_of_a_net_without_convolution_are_refused() -> None:
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    with pytest.raises(InvalidRequestError):
        first_layer_kernels(Probe(model))


@pytest.mark.parametrize("entry", [e for e in MATRIX if "nested" in e.name], ids=str)
def test_nested_and_normalised_nets_can_be_climbed(entry: Entry) -> None:
    probe = Probe(entry.model())
    layer = [info for info in probe.layers if info.convolution][-1]
    patterns = filter_patterns(probe, layer.name, channels=[0], params=PatternParams(steps=8, jitter=0.0))
    assert patterns.scores[0] > patterns.history[0, 0]


def test_a_climb_is_compiled_once_for_a_model(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    filter_patterns(probe, "conv2", channels=[0, 1, 2], params=QUICK)
    monkeypatch.setattr("cnn_core.feature_visualization.engine.batches.Climb", None)
    filter_patterns(probe, "conv2", channels=[4, 2, 0], params=PatternParams(steps=12, seed=5))
