"""Figures of activations, counted by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from model_matrix import entry_named

from cnn_core.activations import ACTIVATIONS, layer_activations, measured, summarized
from cnn_core.probe.probe import Probe


def test_the_figures_of_a_channel_are_those_counted_by_hand() -> None:
    first, second = [[0.0, 2.0], [0.0, 4.0]], [[-1.0, 1.0], [3.0, 5.0]]

    found = measured("conv", np.stack([first, second], axis=-1).astype(np.float32))

    np.testing.assert_array_equal(found.minimum, [0, -1])
    np.testing.assert_array_equal(found.maximum, [4, 5])
    np.testing.assert_array_equal(found.mean, [1.5, 2])
    np.testing.assert_array_equal(found.zero_fraction, [0.5, 0])
    assert found.sparsity == 0.25
    assert found.blank_channels.tolist() == []


def test_only_a_map_of_zeros_is_blank() -> None:
    maps = np.zeros((2, 2, 3), np.float32)
    maps[..., 1] = 7
    maps[0, 0, 2] = 1e-30

    assert measured("conv", maps).blank_channels.tolist() == [0]


def test_one_lit_cell_among_millions_is_not_a_blank_map() -> None:
    maps = np.zeros((6000, 6000, 1), np.float32)
    maps[5, 5, 0] = 1

    assert measured("conv", maps).blank_channels.tolist() == []


def test_a_layer_without_space_is_a_row_of_single_cells() -> None:
    found = measured("dense", np.array([1, 0, 3], np.float32))

    assert found.maps.shape == (1, 1, 3)
    np.testing.assert_array_equal(found.zero_fraction, [0, 1, 0])


def test_all_layers_but_padding_come_in_the_order_of_computation() -> None:
    entry = entry_named("reflect_padding_operation")
    probe = Probe(entry.model())

    found = layer_activations(probe, entry.inputs(1))

    assert list(found) == [info.name for info in probe.layers if not info.padding]
    assert len(found) < len(probe.layers)
    for name, values in probe.activations(entry.inputs(1)).items():
        if name in found:
            np.testing.assert_allclose(found[name].maps.ravel(), values[0].ravel(), atol=1e-6)


def test_results_cannot_be_changed_by_their_reader() -> None:
    found = measured("conv", np.zeros((2, 2, 1), np.float32))

    with pytest.raises(ValueError, match="read-only"):
        found.maps[0, 0, 0] = 1


def test_a_summary_holds_the_maps_that_vary_most_the_strongest_first() -> None:
    maps = np.zeros((2, 3, 6), np.float32)
    for channel, swing in enumerate([0, 3, 1, 7, 2, 5]):
        maps[0, :, channel], maps[1, :, channel] = 100, 100 + swing  # far from zero, which is no variance
    layer = measured("conv", maps)

    found = summarized(layer)

    assert found.channels.tolist() == [3, 5, 1, 4]
    np.testing.assert_array_equal(found.maps, maps[..., [3, 5, 1, 4]])
    assert found.shape == (2, 3, 6)
    np.testing.assert_array_equal(found.maximum, layer.maximum)


def test_a_summary_holds_large_maps_made_small_by_the_mean_of_each_area() -> None:
    maps = np.repeat(np.repeat(np.arange(74 * 37.0).reshape(74, 37, 1), 2, axis=0), 2, axis=1)

    found = summarized(measured("conv", maps.astype(np.float32)))

    assert found.shape == (148, 74, 1)
    np.testing.assert_array_equal(found.maps, maps[::2, ::2])


def test_a_layer_that_is_not_glanced_at_has_its_figures_only() -> None:
    found = summarized(measured("dense", np.arange(7, dtype=np.float32)), maps=False)

    assert (found.shape, found.maps.shape[2], found.maximum[6]) == ((1, 1, 7), 0, 6)


def test_a_mean_outside_of_its_range_does_not_hold() -> None:
    layer = measured("conv", np.ones((2, 2, 3), np.float32))
    assert ACTIVATIONS.check(layer).holds
    assert not ACTIVATIONS.check(dataclasses.replace(layer, mean=layer.mean + 1)).holds
