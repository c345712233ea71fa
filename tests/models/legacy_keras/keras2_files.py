"""Models as Keras 2 wrote them, made without Keras 2: its descriptions by hand, its weights in its order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Config = dict[str, Any]
Weights = dict[str, dict[str, NDArray[np.float32]]]  # by layer, then by name, in order


def layer(class_name: str, name: str, inbound: Any, **config: Any) -> Config:
    """A layer in a functional network."""
    return {
        "class_name": class_name,
        "name": name,
        "config": {"name": name, "trainable": True, "dtype": "float32"} | config,
        "inbound_nodes": inbound,
    }


def after(*names: str, node: int = 0, **named: Any) -> list[Any]:
    """One call on the results of those layers."""
    return [[[name, node, 0, named] for name in names]]


def functional(layers: list[Config], inputs: str, outputs: str, name: str = "model") -> Config:
    """A description of a network."""
    config = {
        "name": name,
        "layers": layers,
        "input_layers": [[inputs, 0, 0]],
        "output_layers": [[outputs, 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def write_h5(path: Path, description: Config, weights: Weights, **attributes: str) -> Path:
    """A whole model in one HDF5 file."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps(description)
        for name, value in attributes.items():
            file.attrs[name] = value
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer_name, arrays in weights.items():
            part = group.create_group(layer_name)
            part.attrs["weight_names"] = [f"{layer_name}/{name}:0".encode() for name in arrays]
            for name, array in arrays.items():
                part.create_dataset(f"{layer_name}/{name}:0", data=array)
    return path
