"""An output with places can be asked about a part of them, which is their mean and nothing else's."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe

PICTURE = np.random.default_rng(0).normal(size=(1, 6, 9, 2)).astype(np.float32)
KERNEL = np.float32([[1, 0, -1], [0, 2, 1]]).reshape(1, 1, 2, 3)


def segmentation(size: tuple[int | None, int | None] = (6, 9)) -> Probe:
    """Three classes for each place, from its own two values alone."""
    x = keras.Input((*size, 2))
    model = keras.Model(x, layers.Conv2D(3, 1, activation="softmax", name="answer")(x))
    model.get_layer("answer").set_weights([KERNEL, np.zeros(3, np.float32)])
    return Probe(model)


def test_the_score_of_a_region_is_the_mean_of_its_places() -> None:
    logits = PICTURE @ KERNEL[0, 0]
    probe = segmentation()
    (whole,) = probe.scores(PICTURE)
    (part,) = probe.in_region((0, 1 / 3, 0.5, 2 / 3)).scores(PICTURE)
    np.testing.assert_allclose(whole[0], logits.mean(axis=(1, 2))[0], rtol=1e-5)
    np.testing.assert_allclose(part[0], logits[:, :3, 3:6].mean(axis=(1, 2))[0], rtol=1e-5)
    np.testing.assert_allclose(probe.scores(PICTURE)[0], whole)  # the whole is asked as before


def test_only_the_region_moves_its_score() -> None:
    probe = segmentation().in_region((0.5, 0, 1, 1 / 3))
    gradient = probe.input_gradient(PICTURE, head=0, class_index=2).gradients[0]
    expected = np.zeros((6, 9, 2), np.float32)
    expected[3:, :3] = KERNEL[0, 0, :, 2] / 9
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_a_tiny_region_is_one_place() -> None:
    (score,) = segmentation().in_region((0.99, 0.99, 1, 1)).scores(PICTURE)
    np.testing.assert_allclose(score[0], (PICTURE @ KERNEL[0, 0])[0, -1, -1], rtol=1e-5)


@pytest.mark.parametrize("region", [(0, 0, 0, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (0, 0.6, 1, 0.5)])
def test_what_is_no_part_of_a_picture_is_refused(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidRequestError, match="Expected a region"):
        segmentation().in_region(region)


def test_a_free_size_has_regions_too() -> None:
    region = (0, 1 / 3, 0.5, 2 / 3)
    (free,) = segmentation((None, None)).in_region(region).scores(PICTURE)
    np.testing.assert_allclose(free, segmentation().in_region(region).scores(PICTURE)[0], rtol=1e-6)


def test_an_output_without_places_answers_as_ever() -> None:
    x = keras.Input((4, 4, 1))
    probe = Probe(keras.Model(x, layers.Dense(2)(layers.Flatten()(x))))
    picture = np.ones((1, 4, 4, 1), np.float32)
    np.testing.assert_array_equal(
        probe.in_region((0, 0, 0.5, 0.5)).scores(picture)[0], probe.scores(picture)[0]
    )
