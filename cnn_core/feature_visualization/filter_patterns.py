"""What the channels of a layer look for: one picture per channel that makes it fire.

Activation maximisation (Erhan et al. 2009) in the way of Olah, Mordvintsev and Schubert (2017).
A pattern shows what drives a channel hardest, which need not be what it meets in photos; look at
the strongest patches of photos beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.feature_visualization.engine.batches import Found, LayerClimb, Progress
from cnn_core.feature_visualization.engine.objectives import channel_count
from cnn_core.feature_visualization.settings import PatternParams
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.flat_graph import flat_graph
from cnn_core.probe.probe import Probe
from cnn_core.results import FilterPatterns

MAX_GROWTH_CHANNELS = 32  # the growth of a whole layer would be hundreds of megabytes

Float = NDArray[np.float32]


def filter_patterns(
    probe: Probe,
    layer_name: str,
    *,
    channels: Sequence[int] | None = None,
    params: PatternParams | None = None,
    statistics: Mapping[str, ChannelStatistics] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    growth_frames: int = 6,
) -> FilterPatterns:
    """Find a picture for each channel that drives the mean of its map, before the non-linearity, up.

    Args:
        probe: the model; never changed.
        layer_name: a layer with channels.
        channels: which channels; all when None.
        params: settings; the defaults when None.
        statistics: of real photos by layer name. A channel that fires on none of them is dead: it
            gets a grey picture and is not climbed.
        progress: called with the share done, rising to 1.
        cancelled: asked between chunks of a few steps.
        growth_frames: pictures of the way up per pattern; none if more than 32 channels are asked for.

    Raises:
        InvalidRequestError: no such layer or channel, or a canvas that the layer cannot be computed for.
        Cancelled: ``cancelled`` said so.
    """
    settings = PatternParams() if params is None else params
    chosen = _chosen(probe, layer_name, channels)
    known = None if statistics is None else statistics.get(layer_name)
    active = np.ones(len(chosen), np.bool_) if known is None else known.active[chosen]
    frames = growth_frames if len(chosen) <= MAX_GROWTH_CHANNELS else 0
    climb = LayerClimb(probe, layer_name, settings, frames, Progress(progress, cancelled))
    found = climb.run(chosen, active)
    return _judged(layer_name, chosen, active, known, found)


def strongest_patterns(patterns: FilterPatterns, count: int = 25) -> FilterPatterns:
    """The patterns with the highest scores, best first; dead channels come last."""
    scores = np.where(patterns.active, patterns.scores, -np.inf)
    best = np.argsort(-scores, kind="stable")[:count]
    per_pattern = ("channels", "patterns", "scores", "z_scores", "exceeds_dataset_maximum", "active")
    return FilterPatterns(
        layer_name=patterns.layer_name,
        has_z_scores=patterns.has_z_scores,
        history=patterns.history[:, best],
        growth=patterns.growth[:, best],
        growth_steps=patterns.growth_steps,
        **{name: getattr(patterns, name)[best] for name in per_pattern},
    )


def first_layer_kernels(probe: Probe) -> Float:
    """The kernels of the first convolution as pictures: ``(n, kh, kw, c)``, raw signed weights.

    Raises:
        InvalidRequestError: the model has no plain convolution.
    """
    for node in flat_graph(probe.model).nodes:
        if isinstance(node.operation, keras.layers.Conv2D):
            kernel = keras.ops.convert_to_numpy(node.operation.kernel)  # (kh, kw, c, n)
            return np.asarray(kernel, np.float32).transpose(3, 0, 1, 2)
    raise InvalidRequestError(
        "Expected a model with a convolution. Received one with none. Choose another model."
    )


def _chosen(probe: Probe, layer_name: str, channels: Sequence[int] | None) -> NDArray[np.int64]:
    count = channel_count(probe, layer_name)
    if channels is None:
        return np.arange(count)
    wrong = [channel for channel in channels if not 0 <= channel < count]
    if wrong or len(channels) == 0:
        raise InvalidRequestError(
            f"Expected channels from 0 to {count - 1} of {layer_name!r}. Received: {wrong or 'none'}. "
            "Choose others."
        )
    return np.asarray(channels, np.int64)


def _judged(
    layer_name: str,
    channels: NDArray[np.int64],
    active: NDArray[np.bool_],
    known: ChannelStatistics | None,
    found: Found,
) -> FilterPatterns:
    """Compare the scores with those of real photos."""
    z_scores, beats = np.zeros(len(channels), np.float32), np.zeros(len(channels), np.bool_)
    if known is not None:
        spread = known.std[channels]
        np.divide(found.scores - known.mean[channels], spread, out=z_scores, where=spread > 0)
        beats = active & (found.scores > known.maximum[channels])
    return FilterPatterns(
        layer_name=layer_name,
        channels=channels,
        patterns=found.patterns,
        scores=found.scores,
        history=found.history,
        z_scores=z_scores,
        has_z_scores=known is not None,
        exceeds_dataset_maximum=beats,
        active=active,
        growth=found.growth,
        growth_steps=found.growth_steps,
    )
