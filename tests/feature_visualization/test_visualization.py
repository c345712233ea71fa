"""Combinations of the four values that nobody had in mind when the engine was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from model_matrix import with_seeded_weights

from cnn_core.errors import Cancelled
from cnn_core.feature_visualization.engine.objectives import ChannelMean, ClassLogit, LayerNorm, Term
from cnn_core.feature_visualization.engine.optimizer import GradientAscent
from cnn_core.feature_visualization.engine.parameterization import Parameterization
from cnn_core.feature_visualization.engine.transforms import Jitter, Transform
from cnn_core.feature_visualization.engine.visualization import Recipe, measure, optimize
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor
from cnn_core.progress import Progress

SIZE = (16, 16)
IMAGES = Parameterization(size_px=SIZE, channels=3, preprocessing=Preprocessing())
ASCENT = GradientAscent(steps=10, total_step_length=4.0)


@pytest.fixture(scope="module")
def probe() -> Probe:
    inputs = keras.Input((*SIZE, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(4, 3, activation="relu", name="conv2")(layers.MaxPooling2D()(x))
    outputs = layers.Dense(3, "softmax")(layers.Flatten()(x))
    return Probe(with_seeded_weights(keras.Model(inputs, outputs)))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (1, *SIZE, 3), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAt(Term):
    """One unit of a map; ``index`` is the channel."""

    row: int
    column: int

    def watch(self, graph: Any, node: Any) -> tuple[Any, Any]:
        unit = unit_tensor(node)[:, self.row, self.column]  # (n, k)
        return unit, lambda values, channels: keras.ops.take_along_axis(values, channels[:, None], 1)[:, 0]


class LeftHalf(Transform):
    """Hides the right half of the image."""

    def schedule(self, steps: int, size_px: tuple[int, int], generator: Any) -> np.ndarray:
        return np.tile(np.float32(np.arange(size_px[1]) < size_px[1] // 2), (steps, 1))

    def on_images(self, images: Any, now: Any) -> Any:
        return images * now[:, None]


def test_images_of_all_classes_raise_their_logits_from_noise(probe: Probe) -> None:
    recipe = Recipe(
        objective=ClassLogit(index=(0, 1, 2)),
        parameterization=IMAGES,
        optimizer=ASCENT,
        transforms=(Jitter(range_px=(4, 4)),),
    )
    found = optimize(probe, recipe, IMAGES.noise([[0], [1], [2]]))
    assert (found.scores > found.history[0] + 0.1).all()
    assert found.history.shape == (11, 3)
    logits = probe.scores(probe.preprocessing.apply(found.images))[0]
    np.testing.assert_allclose(found.scores, np.diag(logits), rtol=1e-4)


def test_a_photo_is_dreamt_on_so_that_the_norm_of_a_layer_rises(probe: Probe, photo: np.ndarray) -> None:
    objective = LayerNorm(layer_name="conv2")
    recipe = Recipe(objective=objective, parameterization=IMAGES, optimizer=ASCENT)
    found = optimize(probe, recipe, IMAGES.encode(photo), frames=2)
    assert found.scores > 1.2 * measure(probe, objective, photo)
    assert np.abs(found.growth[0].astype(int) - photo).max() <= 1


def test_no_steps_give_the_photo_back(probe: Probe, photo: np.ndarray) -> None:
    none = GradientAscent(steps=0, total_step_length=4.0)
    recipe = Recipe(objective=ClassLogit(), parameterization=IMAGES, optimizer=none)
    found = optimize(probe, recipe, IMAGES.encode(photo))
    assert np.abs(found.images.astype(int) - photo).max() <= 1
    np.testing.assert_allclose(found.scores, measure(probe, ClassLogit(), photo), atol=0.05)


def test_a_difference_raises_one_and_holds_the_other_down(probe: Probe) -> None:
    wanted, unwanted = (ChannelMean(layer_name="conv2", index=channel) for channel in (0, 1))
    both = []
    for objective in (wanted, wanted - 2.0 * unwanted):
        recipe = Recipe(objective=objective, parameterization=IMAGES, optimizer=ASCENT)
        images = optimize(probe, recipe, IMAGES.grey(1)).images
        both.append([float(measure(probe, term, images)[0]) for term in (wanted, unwanted)])
    (alone, disturbed), (apart, lowered) = both
    assert lowered < disturbed
    assert apart - 2 * lowered > alone - 2 * disturbed


def test_an_objective_and_a_transform_made_elsewhere_need_nothing_of_the_engine(probe: Probe) -> None:
    pixels = Parameterization(size_px=SIZE, channels=3, preprocessing=Preprocessing(), basis="pixels")
    objective = UnitAt(layer_name="conv1", row=3, column=6, index=2)
    recipe = Recipe(objective=objective, parameterization=pixels, optimizer=ASCENT, transforms=(LeftHalf(),))
    found = optimize(probe, recipe, pixels.grey(1))
    grey = pixels.decode(pixels.grey(1))
    assert found.scores > measure(probe, objective, grey)
    changed = np.argwhere((found.images != grey)[0].any(axis=-1))
    assert changed.min(axis=0).tolist() == [3, 6]
    assert changed.max(axis=0).tolist() == [5, 7]  # of the kernel's three columns one is hidden


def test_cancelling_stops_between_chunks(probe: Probe) -> None:
    told: list[float] = []
    progress = Progress(tell=lambda share, _: told.append(share), cancelled=lambda: len(told) >= 2)
    steps = GradientAscent(steps=80, total_step_length=4.0)
    recipe = Recipe(objective=ClassLogit(), parameterization=IMAGES, optimizer=steps)
    with pytest.raises(Cancelled):
        optimize(probe, recipe, IMAGES.grey(1), progress=progress)
    assert told == [0.1, 0.2]
