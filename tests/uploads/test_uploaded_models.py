"""Models from files to the list of models, each read in a process of its own."""

from __future__ import annotations

import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from hostile_files import changed, layer, saved, small_network

from cnn_core.errors import ModelError
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.models.store import ModelStore
from cnn_core.uploads import uploads as uploads_module
from cnn_core.uploads.preprocessings import PREPROCESSINGS, name_of
from cnn_core.uploads.reading import read
from cnn_core.uploads.uploads import UploadedModels

# As the README of the cases has them: those that no file like them can be opened.
REFUSED = {
    "m11": "Lambda layer 'double'",
    "m12": "'lab>Swirl'",
    "m13": "'lab>Own'",
    "m14": "one of Keras 3.99.0",
    "m15": "'tf_math_truediv' without some of it",
    "m17": "weights without their architecture",
}


@pytest.fixture
def uploads(tmp_path: Path) -> UploadedModels:
    return UploadedModels(tmp_path / "uploads")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return saved(small_network(), tmp_path_factory.mktemp("file") / "model.keras").read_bytes()


def test_an_uploaded_model_answers_like_the_original_and_can_be_described_and_removed(
    uploads: UploadedModels, content: bytes, tmp_path: Path
) -> None:
    key = uploads.add(io.BytesIO(content), "My model (2).keras")
    assert uploads.kept() == (key,) == ("my-model-2",)
    store = ModelStore(tmp_path / "models", None, uploads.folder)
    pictures = np.random.default_rng(0).random((2, 16, 16, 3), np.float32)
    opened = store.open(key)
    np.testing.assert_allclose(opened.probe.model(pictures), small_network()(pictures), atol=1e-6)
    assert opened.card.title == "My model (2)"
    assert opened.card.classes == ("class 0", "class 1")

    uploads.describe(
        key, {"title": "Mine", "classes": {"dogs": 1, "cats": 0}, "preprocessing": PREPROCESSINGS["caffe"]}
    )
    card = store.card(key)
    assert (card.title, card.classes) == ("Mine", ("cats", "dogs"))
    assert card.preprocessing == Preprocessing(
        scale=(1.0,), offset=(-103.939, -116.779, -123.68), channel_order="bgr"
    )
    assert name_of(card.metadata["preprocessing"]) == "caffe"
    with pytest.raises(ModelError, match="without a gap"):
        uploads.describe(key, {"classes": {"cats": 0, "dogs": 2}})
    assert store.card(key).classes == ("cats", "dogs")

    uploads.remove(key)
    assert uploads.kept() == ()
    assert list(uploads.folder.iterdir()) == []
    with pytest.raises(ModelError, match="Expected an uploaded model"):
        uploads.remove(key)


def test_names_are_told_apart_and_private_ones_cannot_be_guessed(
    uploads: UploadedModels, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uploads.add(io.BytesIO(content), "../../etc.keras") == "etc"
    private = uploads.add(io.BytesIO(content), "etc.keras", private=True)
    assert len(private) > len("etc-") + 11
    monkeypatch.setattr(uploads_module, "MAX_MODELS", 2)
    other = uploads.add(io.BytesIO(content), "etc.keras", private=True)
    assert set(uploads.kept()) == {private, other}, "the oldest gives way"


def test_a_layer_that_wants_more_memory_than_there_is_ends_its_own_process_only(
    uploads: UploadedModels, tmp_path: Path
) -> None:
    model = keras.Sequential(
        [keras.Input((64, 64, 3)), keras.layers.Flatten(), keras.layers.Dense(2, name="answer")]
    )
    path = changed(
        saved(model, tmp_path / "bomb.keras"), lambda c: layer(c, "answer")["config"].update(units=200_000)
    )
    with path.open("rb") as file, pytest.raises(ModelError, match="Expected a model that"):
        uploads.add(file, "bomb.keras")
    assert uploads.kept() == ()
    assert list(uploads.folder.iterdir()) == []


def test_a_reading_that_comes_to_no_end_is_ended(
    uploads: UploadedModels, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "SECONDS", 0.1)
    with pytest.raises(ModelError, match="takes longer"):
        uploads.add(io.BytesIO(content), "slow.keras")
    assert list(uploads.folder.iterdir()) == []


def test_too_much_is_refused_before_it_is_stored(
    uploads: UploadedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "MAX_UPLOAD_BYTES", 2**20)
    with pytest.raises(ModelError, match="at most 1 MB"):
        uploads.add(io.BytesIO(bytes(2**21)), "large.keras")
    monkeypatch.setattr(uploads_module, "MAX_MODELS", 0)
    with pytest.raises(ModelError, match="Remove one first"):
        uploads.add(io.BytesIO(b""), "one.keras")


def test_every_case_of_public_bug_reports_opens_or_says_why(tmp_path: Path, cases_folder: Path) -> None:
    for case in sorted((cases_folder / "models").iterdir()):
        work = tmp_path / case.name
        work.mkdir()
        said = REFUSED.get(case.name.split("_")[0])
        if said is None:
            found = read(case / "model.keras", work)
            assert json.dumps(found["card"]), case.name
            assert keras.models.load_model(work / "model.keras", compile=False).built
        else:
            with pytest.raises(ModelError, match="Received") as caught:
                read(case / "model.keras", work)
            assert said in str(caught.value), case.name
