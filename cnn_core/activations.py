"""What every layer makes of one picture, with figures per channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, NoSettings, Target
from cnn_core.probe.layer_info import LayerInfo
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import LayerActivations, LayerFigures, LayerSummaries, LayerSummary

Float = NDArray[np.float32]

GROUP = "Activations"
LAYERS_AT_A_GLANCE = 6
MAPS_AT_A_GLANCE = 4
GLANCE_PX = 74  # half of what a map takes on the page
ROUNDING = 1e-4  # of the mean of many float32 values, as a share of their range


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


def glanced_at(layers: Sequence[LayerInfo]) -> list[LayerInfo]:
    """The layers that stand for the way through a network: the last before each change of size, at most six.

    Those with a non-linearity, where there are any.
    """
    spatial = [info for info in layers if info.spatial and not info.padding]
    active = [info for info in spatial if info.activation is not None] or spatial
    last_of_size = list({info.output_shape[:2]: info for info in active}.values())
    if len(last_of_size) <= LAYERS_AT_A_GLANCE:
        return last_of_size
    picks = np.linspace(0, len(last_of_size) - 1, LAYERS_AT_A_GLANCE).round().astype(int)
    return [last_of_size[index] for index in picks]


def summarized(layer: LayerActivations, *, maps: bool = True) -> LayerSummary:
    """The figures of a layer, and small copies of the ``maps`` that vary most over the picture."""
    height, width, count = layer.shape
    square_sums = np.einsum("hwk,hwk->k", layer.maps, layer.maps)
    variances = square_sums / np.float32(height * width) - layer.mean**2  # (k,)
    shown = np.argsort(-variances, kind="stable")[: min(count, MAPS_AT_A_GLANCE) if maps else 0]
    return LayerSummary(
        layer_name=layer.layer_name,
        minimum=layer.minimum,
        maximum=layer.maximum,
        mean=layer.mean,
        zero_fraction=layer.zero_fraction,
        shape=layer.shape,
        channels=shown,
        maps=_small(layer.maps[..., shown]),
    )


def one_layer(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> LayerActivations:
    """All maps of one layer: what each of its channels found, and where.

    A map says how strongly a channel answers at each place, not what the channel stands for.

    Args:
        probe: the model.
        target: picture and layer.
        settings: nothing to set.
        progress: not told: one pass through the network.
    """
    name = target.layer
    return measured(name, probe.activations(target.picture, [name])[name][0])


def all_layers(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> LayerSummaries:
    """How the picture changes on its way through the network: a summary of every layer.

    Args:
        probe: the model.
        target: picture.
        settings: nothing to set.
        progress: not told: one pass through the network.
    """
    return _summaries(probe, layer_activations(probe, target.picture))


def one_pass(probe: Probe, target: Target) -> Iterator[tuple[Analysis, str | None, Any]]:
    """The activations of every layer, then the summary of all, from a single pass through the network."""
    layers = layer_activations(probe, target.picture)
    for name, layer in layers.items():
        yield ACTIVATIONS, name, layer
    yield LAYER_SUMMARIES, None, _summaries(probe, layers)


def _summaries(probe: Probe, layers: Mapping[str, LayerActivations]) -> LayerSummaries:
    shown = {info.name for info in glanced_at(probe.layers)}
    return LayerSummaries(
        layers=tuple(summarized(layer, maps=name in shown) for name, layer in layers.items())
    )


def _small(maps: Float) -> Float:
    """Maps ``(h, w, n)`` with the mean of an area per place, so that no side is longer than ``GLANCE_PX``."""
    height, width, count = maps.shape
    factor = GLANCE_PX / max(height, width)
    if factor >= 1 or count == 0:
        return maps
    size = max(1, round(width * factor)), max(1, round(height * factor))
    shrunk = cv2.resize(np.ascontiguousarray(maps), size, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32).reshape(size[1], size[0], count)


def ordered(layers: tuple[LayerFigures, ...]) -> Check:
    """No channel's mean lies outside its minimum and maximum."""
    outside = max(
        float(np.max(np.maximum(layer.minimum - layer.mean, layer.mean - layer.maximum))) for layer in layers
    )
    size = max(float(np.abs([layer.minimum, layer.maximum]).max()) for layer in layers)
    return Check(
        sentence="The mean of every channel lies between its minimum and its maximum.",
        figure=max(outside, 0.0),
        holds=outside <= ROUNDING * size,
    )


ACTIVATIONS = Analysis(
    key="activations",
    title="Activations",
    group=GROUP,
    summary="What each channel of a layer found in the picture, and where.",
    reference="LeCun et al. 1998",
    version=2,
    result=LayerActivations,
    compute=one_layer,
    check=lambda result: ordered((result,)),
    needs_class=False,
    needs_layer="any",
    together=one_pass,
)
LAYER_SUMMARIES = Analysis(
    key="layer_summaries",
    title="Through the layers",
    group=GROUP,
    summary="How the picture turns into an answer: the liveliest maps and the zeros of every layer.",
    reference="Zeiler and Fergus 2014",
    version=2,
    result=LayerSummaries,
    compute=all_layers,
    check=lambda result: ordered(result.layers),
    needs_class=False,
    together=one_pass,
)
