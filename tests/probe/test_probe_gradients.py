"""Gradients of scores: their slope, their sign, and each picture for itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, entry_named
from opened_models import matrix, opened

from cnn_core.probe.probe import Probe


@matrix
def test_the_gradient_of_every_head_is_the_slope_of_its_score(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    rng = np.random.default_rng(1)
    direction = rng.normal(size=x.shape).astype(np.float32)
    direction /= np.linalg.norm(direction[0])
    step = np.float32(1e-2)
    for head, count in enumerate(entry.classes):
        slope = probe.input_gradient(x, head=head, class_index=count - 1).gradients
        up, down = (probe.scores(x + sign * step * direction)[head][0, count - 1] for sign in (1, -1))
        expected, got = (up - down) / (2 * step), float((slope[0] * direction[0]).sum())
        assert got == pytest.approx(expected, rel=0.05, abs=5e-3)


@matrix
def test_the_layer_gradient_predicts_the_score_behind_the_last_layer(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    name = probe.default_cam_layer()
    assert name is not None
    for head, count in enumerate(entry.classes):
        for class_index in {0, count - 1}:
            answer = probe.layer_gradient(x, name, head=head, class_index=class_index)
            np.testing.assert_array_equal(answer.activations, probe.activations(x, [name])[name])
            np.testing.assert_allclose(answer.scores, probe.scores(x)[head], atol=1e-6)
            assert answer.gradients.shape == answer.activations.shape
            assert np.isfinite(answer.gradients).all()


@pytest.mark.parametrize("entry", [e for e in MATRIX if "binary" in e.heads], ids=str)
def test_evidence_for_cats_is_exactly_evidence_against_dogs(entry: Entry) -> None:
    probe, x = opened(entry), entry.inputs()
    head = entry.heads.index("binary")
    cats, dogs = (probe.input_gradient(x, head=head, class_index=i) for i in (0, 1))
    np.testing.assert_array_equal(cats.gradients, -dogs.gradients)
    assert dogs.gradients.any()


def test_gradients_of_a_net_with_known_weights_are_those_worked_out_by_hand() -> None:
    # z = 2 relu(3 a - b) - relu(a + b) + 5 with a, b the two channels, summed over two places.
    inputs = keras.Input((1, 2, 2))
    x = layers.Conv2D(2, 1, activation="relu", use_bias=False, name="conv")(inputs)
    z = layers.Dense(1, name="z")(layers.Flatten()(x))
    model = keras.Model(inputs, z)
    model.set_weights(
        [
            np.float32([[3, 1], [-1, 1]]).reshape(1, 1, 2, 2),
            np.float32([[2], [-1], [2], [-1]]),
            np.float32([5]),
        ]
    )
    photo = np.float32([[[[1, 2], [1, 4]]]])  # place 0: units 1, 3; place 1: units -1 -> 0, 5
    probe = Probe(model)
    at_input = probe.input_gradient(photo, head=0, class_index=0)
    np.testing.assert_array_equal(at_input.scores, [[2 * 1 - 3 + 0 - 5 + 5]])
    np.testing.assert_array_equal(at_input.gradients, [[[[6 - 1, -2 - 1], [-1, -1]]]])
    at_layer = probe.layer_gradient(photo, "conv", head=0, class_index=0)
    np.testing.assert_array_equal(at_layer.activations, [[[[1, 3], [0, 5]]]])
    np.testing.assert_array_equal(at_layer.gradients, [[[[2, -1], [2, -1]]]])


def test_each_picture_of_a_batch_has_the_gradient_that_it_has_alone() -> None:
    entry = entry_named("batch_normalisation")
    probe, x = opened(entry), entry.inputs(3)
    together = probe.layer_gradient(x, "relu1", head=0, class_index=1)
    for i in range(3):
        alone = probe.layer_gradient(x[i : i + 1], "relu1", head=0, class_index=1)
        np.testing.assert_allclose(together.gradients[i], alone.gradients[0], atol=1e-6)


def test_a_layer_behind_the_score_has_no_influence_on_it() -> None:
    entry = entry_named("functional")
    answer = opened(entry).layer_gradient(entry.inputs(), "answer", head=0, class_index=1)
    assert not answer.gradients.any()
