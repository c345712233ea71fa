"""Model files that do not open: each is told what it holds."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest
from keras import layers

from cnn_core.errors import ModelError
from cnn_core.models.loading import load_model


def refused(path: Path) -> str:
    """What is told of a file instead of opening it, without its name."""
    with pytest.raises(ModelError) as told:
        load_model(path)
    before = f"Expected a Keras model in {path.parent.name}/{path.name}. Received "
    assert str(told.value).startswith(before)
    return str(told.value).removeprefix(before)


def saved(path: Path, layer: keras.layers.Layer | None = None) -> Path:
    """A small model with a layer in it."""
    inputs = keras.Input((4, 4, 3))
    x = inputs if layer is None else layer(inputs)
    keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x))).save(path)
    return path


def changed(path: Path, entry: str, **changes: Any) -> Path:
    """The same archive with other values in one of its texts."""
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    texts[entry] = json.dumps({**json.loads(texts[entry]), **changes}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path


class Own(layers.Layer):
    """A layer that Keras does not know."""

    def call(self, x: Any) -> Any:
        return x


def test_a_lambda_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.keras", layers.Lambda(lambda x: x * 2, name="double"))
    assert refused(path).startswith("the Lambda layer 'double', which holds Python code")


def test_a_lambda_within_a_model_within_a_model_is_named(tmp_path: Path) -> None:
    inner = keras.Sequential([layers.Input((4, 4, 3)), layers.Lambda(lambda x: x, name="inside")])
    assert "the Lambda layer 'inside'" in refused(saved(tmp_path / "model.keras", inner))


def test_a_layer_of_a_class_of_its_own_is_named_with_how_to_register_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.keras", Own(name="own"))
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    for each in config["config"]["layers"]:
        if each["class_name"] == "Own":
            each.update(module=None, registered_name="lab>Own")
    told = refused(changed(path, "config.json", **config))
    assert told.startswith("the layer 'own' of a class of its own, 'lab>Own'.")
    assert "register_keras_serializable" in told


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("99.1.0", f"a model of Keras 99.1.0, which is later than the {keras.__version__} that is installed"),
        ("2.15.0", "a model of Keras 2.15.0. Build it again in Keras 3"),
    ],
)
def test_another_version_of_keras_is_named_where_its_file_does_not_open(
    tmp_path: Path, version: str, told: str
) -> None:
    path = changed(saved(tmp_path / "model.keras"), "metadata.json", keras_version=version)
    assert load_model(path).count_params() > 0  # the version alone is no reason
    assert refused(changed(path, "config.json", config={"unknown": 1})).startswith(told)


def test_weights_without_their_architecture_are_told(tmp_path: Path) -> None:
    keras.Sequential([layers.Input((2,)), layers.Dense(1)]).save_weights(tmp_path / "w.weights.h5")
    path = (tmp_path / "w.weights.h5").rename(tmp_path / "model.keras")
    assert refused(path).startswith("weights without their architecture.")


def test_an_hdf5_model_under_another_name_is_told_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["model_config"] = "2.15.0", "{}"
    assert refused(path).startswith("an HDF5 file of Keras 2.15.0 under another name.")


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 cut off", b"\x89HDF\r\n\x1a\n cut off"])
def test_what_is_no_model_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert refused(path).startswith("a damaged file (")


def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(path).startswith("an archive without an architecture (no config.json),")
