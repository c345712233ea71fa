"""What a patch reaches, computed alone, is what the whole network answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import MATRIX, Entry, with_seeded_weights

from cnn_core.probe.probe import Probe

SIDE = (6, 5)
BODIES = {
    "valid": [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(5, 3)],
    "same": [
        layers.Rescaling(2.0, -1.0),
        layers.Conv2D(4, 5, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(3, 2, padding="same"),
        layers.Conv2D(5, 3, padding="same", activation="relu"),
    ],
    "strides": [
        layers.Conv2D(4, 3, strides=2, padding="same", activation="elu"),
        layers.Conv2D(4, 2, strides=3, activation="tanh"),
        layers.MaxPooling2D(2, 1),
    ],
    "strides wider than the window": [layers.Conv2D(4, 2, strides=3), layers.Conv2D(4, 1, strides=2)],
    "dilation": [
        layers.Conv2D(4, 3, dilation_rate=2, padding="same"),
        layers.Conv2D(4, 3, dilation_rate=(1, 3)),
    ],
    "uneven": [layers.Conv2D(4, (1, 5), padding="same"), layers.MaxPooling2D((3, 1), padding="same")],
    "whole maps at the end": [layers.Conv2D(4, 9, padding="same"), layers.MaxPooling2D(8)],
}


def network(body: list[layers.Layer]) -> keras.Model:
    copies = [layer.__class__.from_config(layer.get_config()) for layer in body]
    head = [layers.Flatten(), layers.Dense(3, "softmax")]
    return with_seeded_weights(keras.Sequential([layers.Input((31, 26, 3)), *copies, *head]))


@pytest.mark.parametrize("body", BODIES)
def test_scores_are_those_of_the_whole_network_wherever_the_patch_lies(body: str) -> None:
    probe = Probe(network(BODIES[body]))
    random = np.random.default_rng(1)
    picture = random.normal(size=(1, 31, 26, 3)).astype(np.float32)
    places = [(top, left) for top in (0, 1, 2, 7, 12, 24, 25) for left in (0, 3, 10, 20, 21)]
    check(probe, picture, np.array(places), SIDE)


def check(probe: Probe, picture: np.ndarray, corners: np.ndarray, side: tuple[int, int]) -> None:
    patches = (
        np.random.default_rng(2).normal(size=(len(corners), *side, picture.shape[-1])).astype(np.float32)
    )
    whole = np.repeat(picture, len(corners), axis=0)
    for one, patch, (top, left) in zip(whole, patches, corners, strict=True):
        one[top : top + side[0], left : left + side[1]] = patch
    found = probe.patch_scores(picture, head=0, side=side)
    assert found is not None
    expected = probe.scores(whole)[0]
    np.testing.assert_allclose(
        found(patches, corners), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max()
    )


@pytest.mark.parametrize("entry", MATRIX, ids=str)
def test_any_network_is_answered_alike_or_not_at_all(entry: Entry) -> None:
    probe, picture = Probe(entry.model()), entry.inputs(1)
    if probe.patch_scores(picture, head=0, side=(2, 2)) is not None:
        height, width = picture.shape[1:3]
        check(probe, picture, np.array([(0, 0), (1, 2), (height - 2, width - 2)]), (2, 2))


def test_a_patch_that_reaches_most_of_the_first_map_gains_nothing() -> None:
    probe = Probe(network(BODIES["valid"]))
    assert probe.patch_scores(np.zeros((1, 31, 26, 3), np.float32), head=0, side=(28, 24)) is None


def test_scores_from_inside_the_last_convolution_are_found_there() -> None:
    body = [layers.Conv2D(4, 3, padding="same"), layers.Conv2D(3, 1, activation="softmax")]
    probe = Probe(with_seeded_weights(keras.Sequential([layers.Input((31, 26, 3)), *body])))
    picture = np.random.default_rng(1).normal(size=(1, 31, 26, 3)).astype(np.float32)
    check(probe, picture, np.array([(0, 0), (9, 8)]), SIDE)
