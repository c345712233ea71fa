"""The networks of keras.applications by name, and from weights without their architecture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from model_matrix import with_seeded_weights
from web_server import serving

from cnn_core.errors import DataError, ModelError
from cnn_core.models.applications import (
    APPLICATIONS,
    application_named,
    fitting,
    published_weights,
    untrained,
)
from cnn_core.uploads import fetching
from cnn_core.uploads.fetching import fetched
from cnn_core.uploads.preprocessings import PREPROCESSINGS
from cnn_core.uploads.uploads import UploadedModels

SMALL = "MobileNetV3Small"


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return with_seeded_weights(untrained(application_named(SMALL), top=True))


@pytest.fixture(scope="module")
def weights(network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mine.weights.h5"
    network.save_weights(path)
    return path


def card_of(models: UploadedModels, key: str) -> dict[str, object]:
    card: dict[str, object] = json.loads((models.folder / key / "card.json").read_text(encoding="utf-8"))
    return card


def test_every_network_of_keras_is_there_with_a_known_preprocessing() -> None:
    known = {name for name in dir(keras.applications) if name[0].isupper()}
    assert {application.name for application in APPLICATIONS} == known
    assert {application.preprocessing for application in APPLICATIONS} <= set(PREPROCESSINGS)


@pytest.mark.parametrize("name", [SMALL, "VGG16", "DenseNet121"])
def test_the_numbers_of_weights_are_those_of_keras(name: str) -> None:
    application = application_named(name)
    assert untrained(application, top=True).count_params() == application.parameters
    assert untrained(application, top=False).count_params() == application.without_top
    assert (application, False) in fitting(application.without_top)


def test_keras_tells_where_its_weights_are_and_downloads_as_before_afterwards() -> None:
    from keras.src.utils import file_utils

    usual = file_utils.get_file
    url, digest = published_weights(application_named(SMALL))
    assert url.startswith("https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/")
    assert digest.startswith("md5:")
    assert file_utils.get_file is usual


def test_weights_alone_find_their_network_and_the_file_stays(
    tmp_path: Path, network: keras.Model, weights: Path
) -> None:
    models = UploadedModels(tmp_path / "uploads")
    with weights.open("rb") as file:
        key = models.add(file, weights.name)
    card = card_of(models, key)
    assert card["title"] == f"{SMALL} (ImageNet)"
    assert len(card["classes"]) == 1000  # type: ignore[arg-type]
    assert card["preprocessing"] == PREPROCESSINGS["0..255"]
    kept = keras.models.load_model(models.folder / key / "model.keras")
    x = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype(np.float32)
    np.testing.assert_allclose(kept.predict_on_batch(x), network.predict_on_batch(x), atol=1e-6)
    assert weights.is_file()


def test_weights_of_no_network_say_so(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model.save_weights(tmp_path / "own.weights.h5")
    with (
        (tmp_path / "own.weights.h5").open("rb") as file,
        pytest.raises(ModelError, match="56 weights without"),
    ):
        UploadedModels(tmp_path / "uploads").add(file, "own.weights.h5")


def test_a_network_is_fetched_by_name_and_its_download_does_not_stay(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = weights.read_bytes()
    models = UploadedModels(tmp_path / "uploads")
    with serving(content) as server:
        found = server.url, f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
        monkeypatch.setattr(fetching, "published_weights", lambda application: found)
        key = fetched(models, SMALL, tmp_path / "weights")
        assert card_of(models, key)["application"] == SMALL
        assert list((tmp_path / "weights").iterdir()) == []
        monkeypatch.setattr(fetching, "published_weights", lambda application: (found[0], "md5:" + "0" * 32))
        with pytest.raises(DataError, match=r"another file than the published one.*Or add the weight file"):
            fetched(models, SMALL, tmp_path / "weights")
    with pytest.raises(DataError, match=r"Expected to download.*Or add the weight file"):
        fetched(models, SMALL, tmp_path / "weights")
    assert models.kept() == (key,)
