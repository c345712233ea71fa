"""What a probe refuses: models and questions that it cannot answer, with a way out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import entry_named
from opened_models import opened

from cnn_core.errors import InvalidRequestError, ModelError
from cnn_core.probe.probe import Probe


def test_a_model_with_two_inputs_is_refused_with_a_way_out() -> None:
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    with pytest.raises(ModelError, match=r"Expected a model with one input\. Received: 2 inputs"):
        Probe(keras.Model([a, b], layers.Add()([a, b])))


def test_a_subclassed_model_is_refused() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.Conv2D(2, 3)

        def call(self, inputs: Any) -> Any:
            return self.conv(inputs)

    model = Own()
    with pytest.raises(ModelError, match="Received: Own, a subclassed model"):
        Probe(model)
    model(np.zeros((1, 8, 8, 3), np.float32))
    with pytest.raises(ModelError, match="Received: Own, a subclassed model"):
        Probe(model)


def test_a_sequential_model_never_built_is_refused_with_a_way_out() -> None:
    with pytest.raises(ModelError, match=r"never built\. Call model\.build"):
        Probe(keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)]))


@pytest.mark.parametrize("shape", [(16,), (8, 8), (8, 8, 8, 3), (8, 8, None)])
def test_a_model_of_something_else_than_pictures_is_refused(shape: tuple[int | None, ...]) -> None:
    inputs = keras.Input(shape)
    with pytest.raises(ModelError, match="Expected a picture input"):
        Probe(keras.Model(inputs, layers.Activation("relu")(inputs)))


def test_channels_first_is_refused_by_the_name_of_the_layer() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D(data_format="channels_first", name="mean")(inputs)
    with pytest.raises(ModelError, match="'channels_first' in layer 'mean'"):
        Probe(keras.Model(inputs, layers.Dense(1)(x)))


@pytest.mark.parametrize(
    "ask",
    [
        lambda p, x: p.layer("conv9"),
        lambda p, x: p.activations(x, ["conv9"]),
        lambda p, x: p.before_activation(x, "conv9"),
        lambda p, x: p.layer_gradient(x, "conv9", head=0, class_index=0),
        lambda p, x: p.unit_node("conv9"),
        lambda p, x: p.unit_summary(x, ["conv9"]),
    ],
)
def test_an_unknown_layer_is_refused_with_those_that_exist(ask: Any) -> None:
    entry = entry_named("functional")
    with pytest.raises(InvalidRequestError, match=r"Received: 'conv9'\. Choose one of .*'conv1'"):
        ask(opened(entry), entry.inputs())


@pytest.mark.parametrize(("head", "class_index"), [(1, 0), (-1, 0), (0, 2), (0, -1)])
def test_an_unknown_head_or_class_is_refused(head: int, class_index: int) -> None:
    entry = entry_named("functional")
    probe = opened(entry)
    with pytest.raises(InvalidRequestError, match=r"Expected an? (output|class) from 0 to"):
        probe.input_gradient(entry.inputs(), head=head, class_index=class_index)


@pytest.mark.parametrize("shape", [(1, 12, 10, 1), (1, 12, 11, 3), (12, 10, 3), (1, 1, 12, 10, 3)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    probe = Probe(entry_named("functional").model())
    with pytest.raises(
        InvalidRequestError, match=r"Expected inputs of shape \(n, \*\(12, 10, 3\)\)\. Received: "
    ):
        probe.scores(np.zeros(shape, np.float32))
