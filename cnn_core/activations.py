"""What every layer makes of one picture, with figures per channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.probe.probe import Probe
from cnn_core.results import LayerActivations

Float = NDArray[np.float32]


def layer_activations(probe: Probe, inputs: Float) -> dict[str, LayerActivations]:
    """The outputs of all layers for one picture, from one pass through the network.

    Args:
        probe: the model.
        inputs: ``(1, H, W, c)``, float32, preprocessed.

    Returns:
        By layer name, in the order of computation; layers that only pad are left out.
    """
    names = [info.name for info in probe.layers if not info.padding]
    outputs = probe.activations(inputs, names)
    return {name: measured(name, values[0]) for name, values in outputs.items()}


def measured(layer_name: str, values: Float) -> LayerActivations:
    """The output of a layer ``(h, w, k)`` or ``(k,)`` with minimum, maximum, mean and share of zeros."""
    maps = values.reshape(1, 1, -1) if values.ndim != 3 else values
    flat = maps.reshape(-1, maps.shape[-1])  # (h w, k)
    return LayerActivations(
        layer_name=layer_name,
        maps=maps,
        minimum=flat.min(axis=0),
        maximum=flat.max(axis=0),
        mean=flat.mean(axis=0),
        zero_fraction=1 - np.count_nonzero(flat, axis=0) / np.float32(len(flat)),
    )
