"""What each channel adds to a score, against a head whose weights say it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_made_networks import ask, constant, mean_head, photo

from cnn_core.analyses import analysis_named

X = photo()


@pytest.mark.parametrize("class_index", [0, 2])
def test_a_share_under_a_mean_head_is_the_weight_times_the_mean_of_the_map(class_index: int) -> None:
    model = mean_head()
    read = keras.Model(model.inputs[0], model.get_layer("conv").output)
    kernel, bias = model.get_layer("head").get_weights()
    found = ask(model, "channel_shares", X, class_index=class_index, layer="conv", shown=2)
    expected = kernel[:, class_index] * read(X).numpy()[0].mean(axis=(0, 1))
    np.testing.assert_allclose(found.shares, expected, rtol=1e-4, atol=1e-5)
    assert found.constant == pytest.approx(bias[class_index], abs=1e-6)
    assert analysis_named("channel_shares").check(found).holds


def test_the_largest_shares_come_first_with_the_maps_that_sum_to_them() -> None:
    found = ask(mean_head(), "channel_shares", X, layer="conv", shown=3)
    sizes = np.abs(found.shares)
    assert found.channels.tolist() == np.argsort(-sizes)[:3].tolist()
    np.testing.assert_allclose(found.maps.sum(axis=(0, 1)), found.shares[found.channels], rtol=1e-4)


def test_the_maps_of_all_channels_are_the_heat_map() -> None:
    model = mean_head()
    found = ask(model, "channel_shares", X, layer="conv", shown=32)
    cells = ask(model, "hires_cam", X, layer="conv").values
    np.testing.assert_allclose(found.maps.sum(axis=-1), cells, rtol=1e-4, atol=1e-5)


def test_a_dead_layer_has_shares_of_nothing() -> None:
    found = ask(constant(1), "channel_shares", X, layer="conv")
    assert not found.shares.any()
    assert analysis_named("channel_shares").check(found).holds
