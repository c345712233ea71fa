"""A whole model file of Keras 2 or tf_keras, or in the older format, whatever its name."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras

from cnn_core.models.legacy_keras.rebuild import rebuilt
from cnn_core.models.legacy_keras.weights import load_weights

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LARGEST_TEXT_BYTES = 32 * 2**20


def opened_old_model(path: Path) -> keras.Model | None:
    """The network of a file that Keras 3 does not open by itself; None where it is no such file.

    Args:
        path: a file that its owner has put among the models; uploaded ones are read by ``cnn_core.uploads``.

    Raises:
        ModelError: a network of Keras 2 that is not understood here; the message says what.
    """
    if zipfile.is_zipfile(path):
        return _of_archive(path)
    if h5py.is_hdf5(path):
        return _of_hdf5(path)
    return None


def _of_archive(path: Path) -> keras.Model | None:
    with zipfile.ZipFile(path) as archive:
        if not {CONFIG, METADATA, WEIGHTS} <= set(archive.namelist()):
            return None
        if any(archive.getinfo(name).file_size > LARGEST_TEXT_BYTES for name in (CONFIG, METADATA)):
            return None
        if not _is_old(json.loads(archive.read(METADATA)).get("keras_version")):
            return None
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(archive.extract(WEIGHTS, folder))
            return _rebuilt(json.loads(archive.read(CONFIG)), weights, whole=False)


def _of_hdf5(path: Path) -> keras.Model | None:
    with h5py.File(path, "r") as file:
        description, version = file.attrs.get("model_config"), file.attrs.get("keras_version")
    if description is None:
        return None
    if _is_old(version):
        return _rebuilt(json.loads(description), path, whole=True)
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / "model.h5"  # Keras tells the formats by the name
        named.symlink_to(path.absolute())
        return keras.models.load_model(named, compile=False, safe_mode=True)


def _rebuilt(description: Mapping[str, Any], weights: Path, *, whole: bool) -> keras.Model:
    model = rebuilt(description)
    load_weights(model, weights, whole=whole)
    return model


def _is_old(version: object) -> bool:
    """Whether a file is of Keras 2 or of before files named their version."""
    text = version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version or "")
    return not text or text.partition(".")[0] in ("1", "2")
