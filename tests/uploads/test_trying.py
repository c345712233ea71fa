"""Each way of showing a picture is tried on the network itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe
from cnn_core.uploads.trying import tried

WAYS = {"dark": Preprocessing(scale=(0.0001,)), "light": Preprocessing(scale=(1.0,))}


def brightness(units: int, activation: str | None) -> keras.Model:
    """Answers the mean of a picture, less 10."""
    x = keras.Input((4, 4, 1))
    mean = layers.Flatten()(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(x, layers.Dense(units, activation, name="answer")(mean))
    model.get_layer("answer").set_weights([np.ones((1, units), np.float32), np.full(units, -10, np.float32)])
    return model


def test_the_same_picture_gets_another_answer_in_another_way() -> None:
    probe = Probe(brightness(1, "sigmoid"), class_names=("dark", "light"))
    found = tried(probe, [np.full((4, 4, 1), 200, np.uint8)], WAYS)
    assert {name: one.answers for name, one in found.items()} == {"dark": ("dark",), "light": ("light",)}
    assert all(one.probabilities is not None and one.probabilities[0] > 0.9 for one in found.values())


def test_a_number_is_told_without_a_probability() -> None:
    found = tried(Probe(brightness(1, None)), [np.full((4, 4, 1), 20, np.uint8)], WAYS)
    assert found["light"].answers == ("10",)
    assert found["light"].probabilities is None
    assert float(found["dark"].answers[0]) == pytest.approx(-10, abs=0.1)
