"""One pass through a network that keeps of every channel what an index needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.framework import backend, keras
from cnn_core.probe.flat_graph import FlatGraph
from cnn_core.probe.probe import Probe

Float = NDArray[np.float32]

FIGURES = 5  # per layer besides the samples: peak, row, column, mean, share


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedLayer:
    """A layer whose channels are indexed, after its non-linearity.

    Attributes:
        name: of the layer.
        channels: how many it has; units for a dense layer.
    """

    name: str
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchFigures:
    """Figures of all channels of all layers, side by side, for a batch of photos.

    Attributes:
        peak: ``(n, K)``, largest activation.
        y, x: ``(n, K)``, the position in the map where that is, the first one of several.
        mean: ``(n, K)``, over the positions.
        share: ``(n, K)``, of the positions above zero.
        samples: per layer ``(n, g, k)``, activations at an even grid of at most 4 x 4 positions.
        scores: ``(n, classes)``, logits of the first output.
        vectors: ``(n, d)``, what enters the last dense layer of the first output.
    """

    peak: Float
    y: Float
    x: Float
    mean: Float
    share: Float
    samples: tuple[Float, ...]
    scores: Float
    vectors: Float


def indexed_layers(probe: Probe) -> tuple[IndexedLayer, ...]:
    """Every convolution and every dense layer, in the order of computation."""
    return tuple(
        IndexedLayer(name=info.name, channels=int(info.output_shape[-1] or 0))
        for info in probe.layers
        if (info.convolution or info.kind == "Dense") and info.output_shape and info.output_shape[-1]
    )


def channel_figures(probe: Probe, inputs: Float, layers: tuple[IndexedLayer, ...]) -> BatchFigures:
    """Figures of the channels of ``layers`` for model inputs ``(n, H, W, c)``; maps stay in the graph."""
    names = tuple(layer.name for layer in layers)

    def build(graph: FlatGraph, scores: tuple[Any, ...]) -> list[Any]:
        units = [probe.unit_node(name).output for name in names]
        return [scores[0], *backend.Derived(_figures)([_before_head(graph), *units])]

    scores, vectors, *figures = probe.answers_of(("channel figures", *names), build, inputs)
    peak, y, x, mean, share, *samples = figures
    return BatchFigures(
        peak=peak, y=y, x=x, mean=mean, share=share, samples=tuple(samples), scores=scores, vectors=vectors
    )


def _figures(tensors: Sequence[Any]) -> list[Any]:
    """The vector of each image, and the figures of all layers side by side, their samples one by one."""
    before_head, *units = tensors
    found = [backend.channel_reductions(_as_map(each)) for each in units]
    beside = [
        keras.ops.concatenate([keras.ops.cast(each[place], "float32") for each in found], axis=-1)
        for place in range(FIGURES)
    ]
    return [_vector(before_head), *beside, *(each[-1] for each in found)]


def _as_map(tensor: Any) -> Any:
    """Units ``(n, k)`` or ``(n, t, k)`` as a map ``(n, h, w, k)``."""
    while len(tensor.shape) < 4:
        tensor = keras.ops.expand_dims(tensor, 1)
    return tensor


def _vector(tensor: Any) -> Any:
    """``(n, d)``: the mean over all places, where there are any."""
    while len(tensor.shape) > 2:
        tensor = keras.ops.mean(tensor, axis=1)
    return tensor


def _before_head(graph: FlatGraph) -> Any:
    """What enters the last dense layer behind the first output; without one, its last map or the output."""
    behind = graph.ancestors(graph.outputs[0])
    nodes = [node for node in graph.nodes if node.name in behind]
    dense = [node for node in nodes if node.family == "dense"]
    maps = [node for node in nodes if len(node.output.shape) == 4]
    tensor = maps[-1].output if maps else graph.outputs[0]
    return dense[-1].inputs[0] if dense else tensor
