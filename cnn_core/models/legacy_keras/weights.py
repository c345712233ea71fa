"""The weights of a network of Keras 2, into the same network built again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from cnn_core.errors import ModelError


def load_weights(model: keras.Model, path: Path, *, whole: bool) -> None:
    """Set all weights from an HDF5 file.

    Args:
        model: as ``rebuilt`` gave it.
        path: the file.
        whole: layers by name, in the order of the network, as ``.h5`` files have them; else as in an archive.

    Raises:
        ModelError: other weights than those of the network.
    """
    if not whole:
        model.load_weights(path)
        return
    with h5py.File(path, "r") as file:
        group = file.get("model_weights", file)
        names = [_text(name) for name in group.attrs["layer_names"]]
        arrays = {
            name: [
                (weight.rsplit("/", 1)[-1], np.asarray(group[name][weight]))
                for weight in map(_text, group[name].attrs["weight_names"])
            ]
            for name in names
        }
    saved = [name for name in names if arrays[name]]
    layers = {layer.name: layer for layer in model.layers}
    with_weights = [layer for layer in model.layers if layer.weights]
    # By name where all of them are there, else one after the other.
    wanted = [layers[name] for name in saved] if layers.keys() >= set(saved) else with_weights
    if len(saved) != len(with_weights) or len(wanted) != len(saved):
        raise ModelError(
            f"Expected weights for {len(with_weights)} layers. Received: for {len(saved)}. The file is "
            "damaged; choose another one."
        )
    for name, layer in zip(saved, wanted, strict=True):
        _set(layer, name, arrays[name])


def _set(layer: keras.layers.Layer, name: str, saved: list[tuple[str, Any]]) -> None:
    variables = layer.trainable_weights + layer.non_trainable_weights  # the order of the older format
    expected = [(tuple(one.shape), one.name) for one in variables]
    if [shape for shape, _ in expected] != [one.shape for _, one in saved] or any(
        _is_statistic(ours) != _is_statistic(theirs) or (_is_statistic(ours) and not theirs.startswith(ours))
        for (_, ours), (theirs, _) in zip(expected, saved, strict=True)
    ):
        raise ModelError(
            f"Expected the weights of {name[:60]!r} in their order. Received: others. The file is damaged; "
            "choose another one."
        )
    for variable, (_, array) in zip(variables, saved, strict=True):
        variable.assign(array)


def _is_statistic(name: str) -> bool:
    """Whether a variable is one of batch normalisation, of which four have the same shape."""
    return name.startswith(("gamma", "beta", "moving_"))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
