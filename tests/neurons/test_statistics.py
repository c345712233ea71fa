"""Channel statistics against numbers worked out by hand, and their file."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named

from cnn_core.errors import DataError
from cnn_core.neurons.statistics import channel_statistics, load_statistics, save_statistics
from cnn_core.probe.probe import Probe


def two_channel_net() -> keras.Model:
    """Channel 0 is the picture, channel 1 its negative less one; both through a ReLU."""
    model = keras.Sequential(
        [
            layers.Input((1, 2, 1)),
            layers.Conv2D(2, 1, name="conv"),
            layers.ReLU(name="relu"),
            layers.Flatten(),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.get_layer("conv").set_weights([np.float32([1, -1]).reshape(1, 1, 1, 2), np.float32([0, -1])])
    return model


def photos(*pictures: tuple[float, float]) -> np.ndarray:
    return np.float32(pictures).reshape(-1, 1, 2, 1)


def test_figures_are_of_the_mean_before_the_non_linearity_per_photo() -> None:
    batches = [photos((1, 3), (-2, 0)), photos((0, 0))]
    found = channel_statistics(Probe(two_channel_net()), batches)["conv"]
    # Means of the maps: channel 0 has 2, -1, 0; channel 1 has -3, 0, -1.
    np.testing.assert_allclose(found.mean, [1 / 3, -4 / 3], atol=1e-6)
    np.testing.assert_allclose(found.std, [np.std([2, -1, 0]), np.std([-3, 0, -1])], atol=1e-6)
    np.testing.assert_array_equal(found.maximum, [2, 0])


def test_a_channel_fires_where_any_unit_is_above_zero_after_its_non_linearity() -> None:
    found = channel_statistics(Probe(two_channel_net()), [photos((1, 3), (-2, 0), (0, 0))])["conv"]
    np.testing.assert_allclose(
        found.fires, [1 / 3, 1 / 3], atol=1e-6
    )  # photo 0; photo 1, whose mean is not above 0
    assert found.active.tolist() == [True, True]


def test_a_channel_that_never_fires_is_dead() -> None:
    found = channel_statistics(Probe(two_channel_net()), [photos((1, 3), (0.5, 0))])["conv"]
    assert found.active.tolist() == [True, False]
    assert found.fires.tolist() == [1, 0]


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_every_convolution_is_measured_and_batches_do_not_matter(entry: Entry) -> None:
    probe, inputs = Probe(entry.model()), entry.inputs(4)
    halves = channel_statistics(probe, [inputs[:2], inputs[2:]])
    assert list(halves) == [layer.name for layer in probe.layers if layer.convolution]
    summary = probe.unit_summary(inputs[:2], list(halves))
    for name, figures in halves.items():
        for values in (figures.mean, figures.std, figures.maximum, figures.fires):
            assert values.shape == (summary[name][0].shape[1],)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
        assert (figures.maximum >= summary[name][0].max(axis=0)).all()


def test_a_model_without_convolutions_has_no_statistics() -> None:
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    assert channel_statistics(Probe(model), [np.zeros((1, 4, 4, 1), np.float32)]) == {}


def test_no_photos_are_refused() -> None:
    with pytest.raises(DataError, match="Expected at least one photo"):
        channel_statistics(Probe(two_channel_net()), [])


def test_a_file_gives_back_what_was_saved_under_every_kind_of_layer_name(tmp_path: Path) -> None:
    entry = entry_named("nested_model_called_twice")
    saved = channel_statistics(Probe(entry.model()), [entry.inputs()])
    assert list(saved) == ["inner/conv", "inner@2/conv"]
    save_statistics(tmp_path / "statistics.npz", saved)
    loaded = load_statistics(tmp_path / "statistics.npz")
    assert list(loaded) == list(saved)
    for name in saved:
        for figure in ("mean", "std", "maximum", "fires"):
            np.testing.assert_array_equal(getattr(loaded[name], figure), getattr(saved[name], figure))


def test_a_missing_file_means_no_statistics(tmp_path: Path) -> None:
    assert load_statistics(tmp_path / "statistics.npz") == {}
