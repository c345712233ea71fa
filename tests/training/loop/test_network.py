"""The network of a run: its weights, its answers, and what is needed to go on with it later."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tiny_training import SIDE_PX, small

from cnn_core import backend
from cnn_core.errors import DataError
from cnn_core.training.loop.averaging import MovingStatistics
from cnn_core.training.loop.network import Network
from cnn_core.training.loop.objective import softmaxed

pytestmark = pytest.mark.usefixtures("small_networks")

PIXELS = np.random.default_rng(0).integers(0, 256, (6, SIDE_PX, SIDE_PX, 3), np.uint8)
LABELS, WEIGHTS = np.arange(6, dtype=np.float32) % 2, np.ones(6, np.float32)


NAMES = ("cats", "dogs", "owls", "ants", "bees")


def network(classes: int = 2, precision: str = "float32", **changes: Any) -> Network:
    return Network(small(**changes), NAMES[:classes], 4, backend.Devices("cpu"), precision)


def train(one: Network) -> tuple[float, float]:
    return one.train(one.preprocessing.apply(PIXELS), LABELS, WEIGHTS)


def same_weights(one: Network, other: Network) -> bool:
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_seed_decides_the_weights_to_begin_with() -> None:
    assert same_weights(network(seed=3), network(seed=3))
    assert not same_weights(network(seed=3), network(seed=4))


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([[0.0], [math.log(3)], [-1000.0]], [[0.5, 0.5], [0.25, 0.75], [1, 0]]),
        ([[0, 0, math.log(2)], [1000, 1000, 0]], [[0.25, 0.25, 0.5], [0.5, 0.5, 0]]),
    ],
    ids=["one unit for two classes", "a unit for each class"],
)
def test_logits_become_shares_of_one(logits: list[list[float]], expected: list[list[float]]) -> None:
    found = softmaxed(np.float32(logits))
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert found.dtype == np.float32


def test_answers_do_not_depend_on_how_many_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = network()
    expected = one.probabilities(PIXELS)
    monkeypatch.setattr("cnn_core.training.loop.network.VALIDATION_BATCH_SIZE", 4)
    np.testing.assert_allclose(one.probabilities(PIXELS), expected, atol=1e-6)


def test_a_restored_network_answers_by_its_average_and_takes_the_very_next_step_also_with_dropout() -> None:
    first = network(dropout=0.5, average_decay=0.9, optimizer="adam")
    for _ in range(9):
        train(first)
    first.take_kept_weights()
    answered = first.probabilities(PIXELS)
    saved = first.checkpoint([{"epoch": 1.0, "val_loss": 0.5}], [])
    expected = [train(first), train(first)]
    again = network(dropout=0.5, average_decay=0.9, optimizer="adam", seed=8)
    again.restore(saved)
    np.testing.assert_allclose(again.probabilities(PIXELS), answered, atol=1e-6)
    np.testing.assert_allclose([train(again), train(again)], expected, atol=1e-5)
    for a, b in zip(again.kept_weights(), first.kept_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_dropout_differs_from_step_to_step() -> None:
    """So the state of its generator matters in the test above."""
    one = network(dropout=0.5, learning_rate=1e-6, optimizer="sgd")
    assert abs(train(one)[0] - train(one)[0]) > 1e-3


def test_averaged_weights_are_validated_and_kept_only_when_they_are_taken() -> None:
    one = network(average_decay=0.5)
    fresh = one.probabilities(PIXELS)
    for _ in range(9):
        train(one)
    np.testing.assert_array_equal(one.probabilities(PIXELS), fresh)
    one.take_kept_weights()
    assert np.abs(one.probabilities(PIXELS) - fresh).max() > 1e-3
    differ = [
        not np.array_equal(a, b) for a, b in zip(one.kept_weights(), one.model.get_weights(), strict=True)
    ]
    assert all(differ)  # one step has passed since the eighth


def test_a_checkpoint_of_another_network_is_refused() -> None:
    saved = network(classes=3).checkpoint([{"epoch": 1.0, "val_loss": 0.5}], [])
    with pytest.raises(DataError, match="checkpoint of another network"):
        network().restore(saved)


@pytest.mark.parametrize("preset", ["lecture_regularized", "photo_cnn", "transfer"])
def test_half_precision_keeps_its_weights_and_its_answer_exact(preset: str) -> None:
    size_px = 32 if preset == "photo_cnn" else SIDE_PX
    one = network(precision="mixed_bfloat16", preset=preset, input_size_px=size_px, dropout=0.1)
    assert {str(v.dtype) for v in one.model.trainable_variables} == {"float32"}
    convolutions = [layer for layer in one.model.layers if "conv" in layer.name]
    assert {layer.compute_dtype for layer in convolutions} <= {"bfloat16"}
    assert one.model.output.dtype == "float32"
    pixels = np.resize(PIXELS, (2, size_px, size_px, 3))
    finished = one.finished(one.kept_weights())
    assert {layer.compute_dtype for layer in finished.layers} == {"float32"}
    exact = finished.predict_on_batch(one.preprocessing.apply(pixels))[:, 0]
    np.testing.assert_allclose(one.probabilities(pixels)[:, 1], exact, atol=0.02)


def test_finishing_changes_nothing_of_the_network_in_training() -> None:
    one = network(average_decay=0.5, dropout=0.3)
    train(one)
    before = one.checkpoint([], [])
    finished = one.finished(one.kept_weights())
    finished.set_weights([w + 1 for w in finished.get_weights()])
    after = one.checkpoint([], [])
    for group in ("weights", "average", "optimizer"):
        for a, b in zip(getattr(before, group), getattr(after, group), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("changes", "black", "white"),
    [
        ({"preset": "lecture_baseline"}, 0, 1),
        ({"preset": "photo_cnn", "input_size_px": 32}, -1, 1),
        ({"preset": "transfer", "base": "MobileNetV2"}, -1, 1),
        ({"preset": "transfer", "base": "EfficientNetV2B0"}, 0, 255),
    ],
    ids=["lecture", "photo_cnn", "mobile net", "efficient net"],
)
def test_each_network_gets_pixels_in_the_range_it_was_made_for(
    changes: dict[str, Any], black: float, white: float
) -> None:
    low, high = network(**changes).preprocessing.bounds()
    assert (float(low[0]), float(high[0])) == pytest.approx((black, white))


def test_vgg16_gets_blue_first_and_the_mean_colour_of_imagenet_taken_off() -> None:
    grey = np.full((1, 1, 3), 128, np.uint8)
    grey[..., 0] = 200  # red
    found = network(preset="transfer", base="VGG16").preprocessing.apply(grey)
    np.testing.assert_allclose(found[0, 0], [128 - 103.939, 128 - 116.779, 200 - 123.68], atol=1e-4)


# ---- Batch normalisation of few steps ----


def test_statistics_of_a_pretrained_base_are_not_corrected() -> None:
    one = network(preset="transfer")
    assert not MovingStatistics(one.model).exist()


@pytest.mark.parametrize("average_decay", [0.0, 0.998])
def test_a_photo_network_of_few_steps_is_validated_as_it_answers_in_training(average_decay: float) -> None:
    """With plain moving statistics, it would answer one class for everything after ten steps."""
    one = network(
        preset="photo_cnn",
        input_size_px=32,
        learning_rate=0.01,
        optimizer="adam",
        average_decay=average_decay,
    )
    rng = np.random.default_rng(0)
    labels = np.arange(16, dtype=np.float32) % 2
    pixels = rng.integers(0, 100, (16, 32, 32, 3)).astype(np.uint8)
    pixels[labels == 1, ..., 0] += 100
    for _ in range(14):
        one.train(one.preprocessing.apply(pixels), labels, np.ones(16, np.float32))
    one.take_kept_weights()
    predicted = one.probabilities(pixels).argmax(axis=1)
    assert (predicted == labels).mean() > 0.9
