"""Really built model files, and what somebody with bad intentions makes of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

Config = dict[str, Any]


def small_network() -> keras.Model:
    """Three layers, two classes."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="answer")(x))


def saved(model: keras.Model, path: Path) -> Path:
    """The model in a file, whose format follows from the name."""
    model.save(path)
    return path


def changed(path: Path, change: Callable[[Config], None]) -> Path:
    """The same archive with another ``config.json``."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    return with_parts(path, parts)


def with_parts(path: Path, parts: dict[str, bytes]) -> Path:
    """An archive of these parts, packed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def layer(config: Config, name: str) -> Config:
    """The part of an architecture of that name."""
    return next(one for one in config["config"]["layers"] if one["config"]["name"] == name)


def python_code(name: str = "code") -> Config:
    """A Lambda layer as Keras writes it."""
    return {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": name, "function": {"class_name": "__lambda__", "config": {"code": "4wAA"}}},
        "registered_name": None,
    }


def function(module: str, name: str) -> Config:
    """A function of Keras where a layer expects one."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def hdf5_bytes(fill: Callable[[h5py.File], None]) -> bytes:
    """An HDF5 file in memory."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def too_large(file: h5py.File) -> None:
    """Three gigabytes of zeros that take no room."""
    file.create_dataset(
        "zeros", shape=(3 * 2**30 // 4,), dtype=np.float32, chunks=(2**20,), compression="gzip"
    )
