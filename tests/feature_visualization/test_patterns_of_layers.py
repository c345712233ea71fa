"""Patterns of whole layers: every promise of ``filter_patterns``, on nets made by hand."""

from __future__ import annotations

import hashlib
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, entry_named, with_seeded_weights

from cnn_core.analysis import Target
from cnn_core.errors import Cancelled
from cnn_core.feature_visualization import FILTER_PATTERNS, FilterPatternSettings, strongest_patterns
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.neurons.statistics import ChannelStatistics, channel_statistics
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import FilterPatterns

STEPS = 10


def small_net() -> keras.Model:
    inputs = keras.Input((24, 24, 3))
    x = layers.Conv2D(6, 3, padding="same", name="conv1")(inputs)
    x = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(x))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2")(layers.MaxPooling2D()(x))
    return with_seeded_weights(
        keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling2D()(x)))
    )


def one_convolution(kernel: np.ndarray, side_px: int, bias: float = 0.0, **values: Any) -> keras.Model:
    """Of one filter ``(kh, kw, c)``."""
    inputs = keras.Input((side_px, side_px, kernel.shape[2]))
    conv = layers.Conv2D(1, kernel.shape[0], name="conv", **values)
    model = keras.Model(inputs, layers.Flatten()(conv(inputs)))
    conv.set_weights([kernel[..., None], np.asarray([bias])])
    return model


def patterns_of(
    probe: Probe,
    layer: str,
    channels: tuple[int, ...] | None = None,
    *,
    known: ChannelStatistics | None = None,
    progress: Progress = SILENT,
    **settings: Any,
) -> FilterPatterns:
    target = Target(layer_name=layer, channels=channels, statistics={} if known is None else {layer: known})
    values = FilterPatternSettings(**({"steps": STEPS} | settings))
    result: FilterPatterns = FILTER_PATTERNS.compute(probe, target, values, progress)
    return result


@pytest.fixture(scope="module")
def probe() -> Probe:
    return Probe(small_net())


@pytest.fixture(scope="module")
def photos(probe: Probe) -> ChannelStatistics:
    images = np.random.default_rng(1).uniform(0, 1, (20, *probe.input_shape)).astype(np.float32)
    return channel_statistics(probe, [images])["conv2"]


@pytest.fixture(scope="module")
def found(probe: Probe, photos: ChannelStatistics) -> FilterPatterns:
    return patterns_of(probe, "conv2", known=photos)


def test_the_objective_rises_and_the_check_says_so(found: FilterPatterns) -> None:
    assert (found.scores > found.history[0]).all()
    assert found.history.shape == (STEPS + 1, 5)
    check = FILTER_PATTERNS.check(found)
    assert check.holds
    assert check.figure == pytest.approx((found.scores - found.history[0]).min())


def test_the_score_is_that_of_the_picture_shown(probe: Probe, found: FilterPatterns) -> None:
    means = probe.before_activation(probe.preprocessing.apply(found.patterns), "conv2").mean(axis=(1, 2))
    np.testing.assert_allclose(found.scores, means[np.arange(5), found.channels], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.history[-1], found.scores)


def test_z_scores_are_measured_against_photos(photos: ChannelStatistics, found: FilterPatterns) -> None:
    np.testing.assert_allclose(found.z_scores, (found.scores - photos.mean) / photos.std, rtol=1e-5)
    np.testing.assert_array_equal(found.exceeds_dataset_maximum, found.scores > photos.maximum)
    assert found.has_z_scores


def test_without_photos_there_are_no_z_scores_and_nothing_counts_as_dead(probe: Probe) -> None:
    patterns = patterns_of(probe, "conv2", (2,))
    assert not patterns.has_z_scores
    assert patterns.active.all()
    assert not patterns.z_scores.any()


def test_the_same_call_gives_the_same_bytes_and_another_seed_another_picture(
    probe: Probe, photos: ChannelStatistics, found: FilterPatterns
) -> None:
    again = patterns_of(probe, "conv2", known=photos)
    for name in ("patterns", "scores", "history", "growth"):
        assert getattr(found, name).tobytes() == getattr(again, name).tobytes()
    assert not np.array_equal(found.patterns, patterns_of(probe, "conv2", seed=1).patterns)


def test_a_channel_gets_nearly_the_same_picture_alone_and_among_others(
    probe: Probe, found: FilterPatterns
) -> None:
    alone = patterns_of(probe, "conv2", (3,))
    assert np.median(np.abs(alone.patterns[0].astype(int) - found.patterns[3])) <= 1


def test_the_model_is_left_as_it_was() -> None:
    model = small_net()

    def state() -> tuple[str, int]:
        weights = b"".join(np.asarray(w).tobytes() for w in model.get_weights())
        return hashlib.sha256(weights).hexdigest(), len(model.layers[1]._inbound_nodes)

    before = state()
    patterns_of(Probe(model), "conv2")
    assert before == state()


def test_a_dead_channel_is_reported_and_nothing_is_optimized_for_it(
    probe: Probe, photos: ChannelStatistics
) -> None:
    fires = photos.fires.copy()
    fires[1] = 0
    known = ChannelStatistics(mean=photos.mean, std=photos.std, maximum=photos.maximum, fires=fires)
    patterns = patterns_of(probe, "conv2", known=known)
    assert patterns.channels.tolist() == [0, 1, 2, 3, 4]
    assert patterns.active.tolist() == [True, False, True, True, True]
    assert (patterns.patterns[1] == 128).all()
    assert np.ptp(patterns.history[:, 1]) == 0
    assert not patterns.exceeds_dataset_maximum[1]
    assert strongest_patterns(patterns).channels[-1] == 1
    assert np.ptp(patterns.patterns[2]) > 50


def test_a_layer_of_dead_channels_only_gives_grey_pictures(probe: Probe) -> None:
    nothing = np.zeros(5, np.float32)
    known = ChannelStatistics(mean=nothing, std=nothing, maximum=nothing, fires=nothing)
    patterns = patterns_of(probe, "conv2", known=known)
    assert (patterns.patterns == 128).all()
    assert not patterns.active.any()
    assert not patterns.z_scores.any()
    assert FILTER_PATTERNS.check(patterns).holds is None


def test_a_unit_far_below_zero_still_gets_a_pattern() -> None:
    kernel = np.random.default_rng(2).normal(size=(3, 3, 3))
    patterns = patterns_of(Probe(one_convolution(kernel, 16, -100.0, activation="relu")), "conv")
    assert patterns.history[0, 0] < -90
    assert patterns.scores[0] > patterns.history[0, 0] + 1


def test_normalisation_and_relu_as_layers_are_part_of_the_unit(probe: Probe) -> None:
    patterns = patterns_of(probe, "conv1")
    inputs = probe.preprocessing.apply(patterns.patterns)
    before_relu = probe.activations(inputs, ["norm1"])["norm1"].mean(axis=(1, 2))
    np.testing.assert_allclose(patterns.scores, np.diag(before_relu), rtol=1e-4, atol=1e-5)


def test_a_linear_unit_gets_its_kernel() -> None:
    """Small steps of plain, unscaled, uncorrelated waves follow the gradient, which is the kernel."""
    kernel = np.random.default_rng(3).normal(size=(9, 9, 3))
    scaled = Preprocessing(scale=(1 / 127.5,), offset=(-1.0,))
    probe = Probe(one_convolution(kernel, 9), preprocessing=scaled)
    small = patterns_of(probe, "conv", steps=8, jitter=0.0, smoothness=0.0, colour=0.0, contrast=1.0)
    pattern = scaled.apply(small.patterns[0])
    assert (pattern * kernel).sum() / np.linalg.norm(pattern) / np.linalg.norm(kernel) > 0.98


def test_many_steps_for_a_linear_unit_end_at_black_and_white() -> None:
    kernel = np.random.default_rng(4).normal(size=(5, 5, 1))
    probe = Probe(one_convolution(kernel, 5))
    patterns = patterns_of(probe, "conv", steps=64, jitter=0.0, smoothness=0.0, contrast=20.0)
    assert patterns.scores[0] > 0.97 * np.maximum(kernel, 0).sum()


def test_progress_rises_to_one_with_the_channels_so_far_and_can_be_cancelled() -> None:
    """Forty channels are two batches, and too many for pictures of the way up."""
    told: list[float] = []
    seen: list[FilterPatterns] = []

    def tell(share: float, preview: Any) -> None:
        told.append(share)
        seen.extend([] if preview is None else [preview])

    inputs = keras.Input((8, 8, 3))
    outputs = layers.Conv2D(40, 1, name="conv")(inputs)
    probe = Probe(with_seeded_weights(keras.Model(inputs, layers.GlobalAveragePooling2D()(outputs))))
    patterns = patterns_of(probe, "conv", steps=20, progress=Progress(tell=tell))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    assert [preview.channels.tolist() for preview in seen] == [list(range(20)), list(range(40))]
    np.testing.assert_array_equal(seen[0].patterns, patterns.patterns[:20])
    assert len(patterns.growth) == 0
    told.clear()
    with pytest.raises(Cancelled):
        patterns_of(probe, "conv", progress=Progress(tell=tell, cancelled=lambda: len(told) >= 2))
    assert told[-1] < 0.5


def test_growth_shows_the_way_from_noise_to_the_pattern(found: FilterPatterns) -> None:
    assert found.growth_steps.tolist() == [0, 8, STEPS]
    np.testing.assert_array_equal(found.growth[-1], found.patterns)
    assert found.growth[0].std() < found.growth[-1].std() / 3


def test_the_strongest_are_those_with_the_highest_scores(found: FilterPatterns) -> None:
    best = strongest_patterns(found, 2)
    assert best.scores.tolist() == sorted(found.scores.tolist(), reverse=True)[:2]
    np.testing.assert_array_equal(best.patterns[0], found.patterns[int(np.argmax(found.scores))])
    assert best.history.shape == (STEPS + 1, 2)


def test_a_model_that_takes_one_size_only_gets_that() -> None:
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(2, 3, name="conv")(layers.Reshape((12, 12, 3))(inputs))
    probe = Probe(keras.Model(inputs, layers.GlobalAveragePooling2D()(x)))
    assert patterns_of(probe, "conv", steps=8, canvas_px=40).patterns.shape == (2, 12, 12, 3)


@pytest.mark.parametrize("name", ["grey_input", "four_channels", "size_none", "reflect_padding_operation"])
def test_any_kind_of_input_gets_patterns_of_another_size(name: str) -> None:
    entry = entry_named(name)
    patterns = patterns_of(Probe(entry.model()), "conv1", steps=8, canvas_px=20, jitter=0.0)
    assert patterns.patterns.shape[1:] == (20, 20, entry.channels)
    assert (patterns.scores > patterns.history[0]).all()


@pytest.mark.parametrize("name", [entry.name for entry in MATRIX if "nested" in entry.name])
def test_nested_and_normalised_nets_get_patterns(name: str) -> None:
    probe = Probe(entry_named(name).model())
    layer = [info for info in probe.layers if info.convolution][-1]
    patterns = patterns_of(probe, layer.name, (0,), steps=8, jitter=0.0)
    assert patterns.scores[0] > patterns.history[0, 0]


def test_a_network_with_blue_first_gets_its_own_range() -> None:
    """Caffe's range: no scaling, means taken off, blue first. The kernel likes red; so is the picture."""
    kernel = np.zeros((5, 5, 3))
    kernel[..., 2], kernel[..., 0] = 1.0, -1.0  # red comes last
    caffe = Preprocessing(scale=(1.0,), offset=(-103.9, -116.8, -123.7), channel_order="bgr")
    patterns = patterns_of(Probe(one_convolution(kernel, 5), preprocessing=caffe), "conv", steps=16)
    red, _, blue = patterns.patterns[0].mean(axis=(0, 1))
    assert red > 200
    assert blue < 55


def test_a_net_without_convolution_has_no_patterns(probe: Probe) -> None:
    inputs = keras.Input((4, 4, 3))
    flat = Probe(keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs))))
    assert FILTER_PATTERNS.inapplicable(flat.outline, 0) is not None
    assert FILTER_PATTERNS.inapplicable(probe.outline, 0) is None


def test_chosen_channels_come_in_the_order_asked_for_from_a_layer_compiled_once(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert patterns_of(probe, "conv2", (4, 0)).channels.tolist() == [4, 0]
    monkeypatch.setattr("cnn_core.backend.Ascent", None)
    patterns_of(probe, "conv2", (1, 2), steps=12, seed=5, jitter=0.5, contrast=8.0)
