"""The front door: the right answers, and no result computed twice."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from tiny_model import write_model, write_tiny_model

from cnn_core import open_explorer, open_image
from cnn_core.activations import ACTIVATIONS, LAYER_SUMMARIES
from cnn_core.analysis import Analysis, Request
from cnn_core.attribution import GRAD_CAM, SALIENCY
from cnn_core.cache.archive import result_bytes
from cnn_core.cache.store import MEMORY_BYTES, ResultStore
from cnn_core.errors import Cancelled, ImageError, InvalidRequestError, ModelError
from cnn_core.explorer import Explorer
from cnn_core.feature_visualization import FILTER_PATTERNS, FilterPatternSettings
from cnn_core.images.decode import RgbImage, rgb_image
from cnn_core.models.store import ModelStore
from cnn_core.prediction import PREDICTION
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one tiny two-class model."""
    return write_tiny_model(tmp_path_factory.mktemp("models"))


@pytest.fixture
def explorer(models: Path, tmp_path: Path) -> Explorer:
    return open_explorer(models, tmp_path / "cache")


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    return rgb_image(np.random.default_rng(1).integers(0, 256, (33, 47, 3)).astype(np.uint8))


def forbid_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("computed again")

    for name in ("scores", "activations", "layer_gradient", "input_gradient"):
        monkeypatch.setattr(Probe, name, refuse)


def test_the_probability_shown_is_that_of_predict_on_the_same_tensor(
    explorer: Explorer, photo: RgbImage
) -> None:
    tensor = explorer.model_input("tiny", photo)

    answer = explorer.predict("tiny", photo).heads[0]

    expected = explorer.model("tiny").probe.model.predict(tensor, verbose=0)[0, 0]
    assert answer.class_names == ("cats", "dogs")
    assert answer.probabilities[1] == pytest.approx(expected, abs=1e-5)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-6)


def request(photo: RgbImage | None = None, **given: Any) -> Request:
    """A request about the tiny model."""
    return Request(model_key="tiny", image=photo, **given)


def test_the_same_result_is_not_computed_again_even_after_a_restart(
    models: Path, tmp_path: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def results() -> tuple[np.ndarray, ...]:
        explorer = open_explorer(models, tmp_path / "cache")
        return (
            explorer.predict("tiny", photo).heads[0].scores,
            explorer.run(ACTIVATIONS, request(photo, layer_name="block2_conv")).maps,
            explorer.run(GRAD_CAM, request(photo, class_index=0)).values,
        )

    first = results()
    forbid_computing(monkeypatch)

    for before, after in zip(first, results(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_result_of_another_type_than_promised_is_an_error(explorer: Explorer, photo: RgbImage) -> None:
    wrong = dataclasses.replace(SALIENCY, key="wrong", compute=lambda *_: np.zeros((2, 2)))

    with pytest.raises(TypeError, match="Expected AttributionMap of wrong"):
        explorer.run(wrong, request(photo))


def test_another_class_picture_layer_or_method_is_another_result(explorer: Explorer, photo: RgbImage) -> None:
    usual = request(photo, class_index=0)
    others = [
        (GRAD_CAM, usual),
        (GRAD_CAM, request(photo, class_index=1)),
        (GRAD_CAM, request(rgb_image(255 - photo.pixels), class_index=0)),
        (GRAD_CAM, request(photo, class_index=0, layer_name="block1_pool")),
        (SALIENCY, usual),
    ]

    maps = [explorer.run(analysis, each) for analysis, each in others]

    assert len({found.values.tobytes() for found in maps}) == len(maps)
    assert [found.layer_name for found in maps] == [*["block2_conv"] * 3, "block1_pool", None]
    assert [found.class_index for found in maps] == [0, 1, 0, 0, 0]
    assert len({explorer.result_key(analysis, each) for analysis, each in others}) == len(maps)


def test_what_an_analysis_does_not_need_makes_no_other_result(explorer: Explorer, photo: RgbImage) -> None:
    plain = explorer.result_key(PREDICTION, request(photo))
    assert explorer.result_key(PREDICTION, request(photo, layer_name="x", class_index=1)) == plain
    patterns = explorer.result_key(FILTER_PATTERNS, request(layer_name="block2_conv"))
    assert explorer.result_key(FILTER_PATTERNS, request(photo, layer_name="block2_conv")) == patterns


def test_without_a_class_the_map_is_for_the_models_own_answer(explorer: Explorer, photo: RgbImage) -> None:
    best = explorer.predict("tiny", photo).heads[0].best

    assert explorer.run(SALIENCY, request(photo)).class_index == best


@pytest.mark.parametrize(
    ("analysis", "given", "settings"),
    [
        (GRAD_CAM, {"layer_name": "nothing"}, None),
        (GRAD_CAM, {"layer_name": "dogs"}, None),
        (GRAD_CAM, {"head": 7}, None),
        (GRAD_CAM, {"class_index": 9}, None),
        (GRAD_CAM, {"class_index": -1}, None),
        (GRAD_CAM, {"image": None}, None),
        (GRAD_CAM, {}, FilterPatternSettings()),
        (FILTER_PATTERNS, {}, FilterPatternSettings(steps=0)),
        (FILTER_PATTERNS, {"layer_name": "block1_pool"}, None),
        (FILTER_PATTERNS, {"layer_name": "block2_conv", "channels": (-1,)}, None),
        (FILTER_PATTERNS, {"layer_name": "block2_conv", "channels": (99,)}, None),
        (FILTER_PATTERNS, {"layer_name": "block2_conv", "channels": ()}, None),
    ],
)
def test_what_does_not_exist_is_refused(
    explorer: Explorer, photo: RgbImage, analysis: Analysis, given: dict[str, Any], settings: Any
) -> None:
    with pytest.raises(InvalidRequestError, match="Received"):
        explorer.run(analysis, Request(**{"model_key": "tiny", "image": photo, **given}), settings)


def test_an_analysis_that_a_model_cannot_have_says_why(tmp_path: Path, photo: RgbImage) -> None:
    flat = keras.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2, "softmax")])
    explorer = open_explorer(write_model(tmp_path, "tiny", flat), tmp_path / "cache")
    with pytest.raises(InvalidRequestError, match="no layer with a map"):
        explorer.run(GRAD_CAM, request(photo))
    assert explorer.run(SALIENCY, request(photo)).values.shape == (8, 8)


def test_an_unknown_model_is_refused(explorer: Explorer, photo: RgbImage) -> None:
    with pytest.raises(ModelError, match="Expected one of the models tiny"):
        explorer.predict("nothing", photo)


def test_a_cancelled_pattern_leaves_nothing_behind(explorer: Explorer) -> None:
    cancelled = Progress(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        explorer.run(FILTER_PATTERNS, request(layer_name="block2_conv"), progress=cancelled)

    assert explorer.known(FILTER_PATTERNS, request(layer_name="block2_conv")) is None


def test_patterns_are_remembered(explorer: Explorer) -> None:
    some = request(layer_name="block2_conv", channels=(1, 3))
    found = explorer.run(FILTER_PATTERNS, some, FilterPatternSettings(steps=8))

    known = explorer.known(FILTER_PATTERNS, some, FilterPatternSettings(steps=8))

    np.testing.assert_array_equal(known.patterns, found.patterns)
    assert found.channels.tolist() == [1, 3]


def test_a_missing_picture_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="Check the path"):
        open_image(tmp_path / "nothing.jpg")


def test_a_model_whose_files_change_is_opened_again(models: Path, tmp_path: Path, photo: RgbImage) -> None:
    shutil.copytree(models / "tiny", tmp_path / "models" / "tiny")
    explorer = open_explorer(tmp_path / "models", tmp_path / "cache")
    before = explorer.predict("tiny", photo).heads[0]
    card = tmp_path / "models" / "tiny" / "card.json"
    metadata = json.loads(card.read_text())
    metadata["preprocessing"] = {"scale": [1 / 127.5], "offset": [-1.0]}
    metadata["classes"] = ["felines", "canines"]
    card.write_text(json.dumps(metadata))

    after = explorer.predict("tiny", photo).heads[0]

    assert after.class_names == ("felines", "canines")
    assert after.scores[0] != before.scores[0]


def test_a_network_that_overflows_is_told_in_a_sentence(
    models: Path, tmp_path: Path, photo: RgbImage
) -> None:
    shutil.copytree(models / "tiny", tmp_path / "models" / "tiny")
    path = tmp_path / "models" / "tiny" / "model.keras"
    model = keras.models.load_model(path)
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    model.save(path)

    with pytest.raises(ModelError, match="Choose another"):
        open_explorer(tmp_path / "models", tmp_path / "cache").predict("tiny", photo)


@pytest.fixture(scope="module")
def as_large_as_vgg16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cheap network whose maps are as many and as large as those of VGG16 at 224 px: 60 MB."""
    blocks = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
    stack: list[keras.Layer] = [layers.Input((224, 224, 3))]
    for block, (convolutions, channels) in enumerate(blocks, start=1):
        stack += [
            layers.DepthwiseConv2D(1, name=f"block{block}_conv{number}")
            if number > 1
            else layers.Conv2D(channels, 1, activation="relu", name=f"block{block}_conv{number}")
            for number in range(1, convolutions + 1)
        ]
        stack.append(layers.MaxPooling2D(name=f"block{block}_pool"))
    model = keras.Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")])
    return write_model(tmp_path_factory.mktemp("models"), "large", model)


def test_the_maps_of_a_network_as_large_as_vgg16_are_kept_layer_by_layer(
    as_large_as_vgg16: Path, tmp_path: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ResultStore(tmp_path / "cache")
    explorer = Explorer(ModelStore(as_large_as_vgg16), store)
    names = [info.name for info in explorer.layers("large")]
    whole = Request(model_key="large", image=photo)

    first = explorer.run(ACTIVATIONS, dataclasses.replace(whole, layer_name=names[0]))
    forbid_computing(monkeypatch)

    total = 0
    summaries = explorer.run(LAYER_SUMMARIES, whole)
    for name in names:
        layer = explorer.run(ACTIVATIONS, dataclasses.replace(whole, layer_name=name))
        total += layer.maps.nbytes
        assert store.held_bytes <= MEMORY_BYTES
        assert summaries[name].shape == layer.shape
    assert total > 55e6
    assert result_bytes(summaries) < 1e6
    assert first.layer_name == names[0]
