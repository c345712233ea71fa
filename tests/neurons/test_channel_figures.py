"""Figures reduced inside the graph against the maps themselves, for every kind of model."""

from __future__ import annotations

import numpy as np
import pytest
from model_matrix import MATRIX, Entry

from cnn_core.neurons.channel_figures import channel_figures, indexed_layers
from cnn_core.probe.probe import Probe


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_figures_are_those_of_the_maps(entry: Entry) -> None:
    probe, inputs = Probe(entry.model()), entry.inputs(3)
    layers = indexed_layers(probe)
    if not layers:
        return
    found = channel_figures(probe, inputs, layers)
    first = 0
    for layer in layers:
        name = probe.unit_node(layer.name).name
        values = probe.activations(inputs, [name])[name]
        maps = values.reshape(len(values), *(1,) * (4 - values.ndim), *values.shape[1:])
        flat = maps.reshape(len(maps), -1, layer.channels)
        own = slice(first, first + layer.channels)
        first += layer.channels
        np.testing.assert_allclose(found.peak[:, own], flat.max(axis=1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.mean[:, own], flat.mean(axis=1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.share[:, own], (flat > 0).mean(axis=1), atol=1e-5)
        places = (found.y[:, own] * maps.shape[2] + found.x[:, own]).astype(int)
        there = np.take_along_axis(flat, places[:, None], axis=1)[:, 0]
        np.testing.assert_allclose(there, flat.max(axis=1), rtol=1e-4, atol=1e-5)
    assert first == found.peak.shape[1]
    np.testing.assert_allclose(found.scores, probe.scores(inputs)[0], rtol=1e-4, atol=1e-5)
    assert found.vectors.ndim == 2
