"""The kernels of the first convolution."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.errors import InvalidRequestError
from cnn_core.feature_visualization.first_layer_kernels import first_layer_kernels
from cnn_core.probe.probe import Probe


def test_kernels_of_the_first_layer_are_its_weights() -> None:
    inputs = keras.Input((6, 6, 3))
    hidden = layers.Conv2D(5, 3, name="conv")(layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1)(hidden)))
    kernels = first_layer_kernels(Probe(model))
    assert kernels.dtype == np.float32
    np.testing.assert_array_equal(kernels, model.get_layer("conv").get_weights()[0].transpose(3, 0, 1, 2))


def test_kernels_of_a_net_without_convolution_are_refused() -> None:
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    with pytest.raises(InvalidRequestError):
        first_layer_kernels(Probe(model))
