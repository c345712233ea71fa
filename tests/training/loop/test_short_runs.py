"""Runs of a few steps: what is judged, kept and saved on the way is what was trained."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_training import new_run, small

from cnn_core import backend
from cnn_core.datasets.splits import Splits
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.models.store import ModelStore
from cnn_core.training.loop.averaging import MovingStatistics
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.network import Network

pytestmark = pytest.mark.usefixtures("small_networks")


def as_arrays(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.get_weights()]


def all_differ(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.abs(a - b).max() > 0 for a, b in zip(some, others, strict=True))


def test_a_run_of_four_steps_keeps_and_judges_averaged_weights_that_were_trained(
    splits: Splits, tmp_path: Path
) -> None:
    run = new_run(small(epochs=1, average_decay=0.998, checkpoint_epochs=(0, 1)), splits, tmp_path)
    fresh = as_arrays(run.network.finished(run.network.kept_weights()))
    answered_fresh = run.probabilities(splits.validation)
    run.run()
    trained = as_arrays(run.network.finished(run.network.model.get_weights()))
    store = ModelStore(tmp_path / CHECKPOINTS_FOLDER)
    start, on_the_way = (as_arrays(store.open(f"epoch_000{epoch}").probe.model) for epoch in (0, 1))
    model = keras.models.load_model(finish(run) / "model.keras", compile=False)
    kept = as_arrays(model)
    np.testing.assert_array_equal(start[0], fresh[0])
    assert all_differ(kept, fresh)
    for a, b, c in zip(kept, on_the_way, trained, strict=True):
        np.testing.assert_array_equal(a, b)
        # Step 4 keeps (5 / 14) ** 4 = 2 % of the start.
        assert np.abs(a - c).max() < 0.05
    judged = run.probabilities(splits.validation)
    predicted = model.predict_on_batch(run.network.preprocessing.apply(run.pixels(splits.validation)))
    np.testing.assert_allclose(judged[:, 1], predicted[:, 0], atol=1e-5)
    assert np.abs(judged - answered_fresh).max() > 1e-3


def test_statistics_of_a_pretrained_base_are_not_corrected() -> None:
    network = Network(small(preset="transfer"), 2, 4, backend.Devices("cpu"), "float32")
    assert not MovingStatistics(network.model).exist()


@pytest.mark.parametrize("average_decay", [0.0, 0.998])
def test_a_photo_network_of_few_steps_is_judged_as_it_answers_in_training(average_decay: float) -> None:
    """With plain moving statistics, it would answer one class for everything after ten steps."""
    config = small(
        preset="photo_cnn",
        input_size_px=32,
        learning_rate=0.01,
        optimizer="adam",
        average_decay=average_decay,
    )
    network = Network(config, 2, 4, backend.Devices("cpu"), "float32")
    rng = np.random.default_rng(0)
    labels = np.arange(16, dtype=np.float32) % 2
    pixels = rng.integers(0, 100, (16, 32, 32, 3)).astype(np.uint8)
    pixels[labels == 1, ..., 0] += 100
    for _ in range(14):
        network.train(network.preprocessing.apply(pixels), labels, np.ones(16, np.float32))
    network.take_kept_weights()
    predicted = network.probabilities(pixels).argmax(axis=1)
    assert (predicted == labels).mean() > 0.9
