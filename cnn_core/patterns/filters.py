"""What the channels of a layer look for: one picture per channel that makes it fire.

Activation maximisation (Erhan et al. 2009) in the way of Olah, Mordvintsev and Schubert (2017).
A pattern shows what drives a channel hardest, which need not be what it meets in photos; look at
the strongest patches of photos beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import Cancelled, QuestionError
from cnn_core.flat_graph import flat_graph
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.patterns.ascent import Climb, Schedule, chunk_ends
from cnn_core.patterns.canvas import Canvas, CanvasStyle
from cnn_core.patterns.objective import Objective, channel_count, channel_objective
from cnn_core.patterns.size import fitting_size
from cnn_core.probe import Probe
from cnn_core.results import FilterPatterns

MAX_BATCH = 64
MAX_BATCH_PX = 16 * 144 * 144  # a batch of this many pixels keeps two cores busy and memory under 300 MB
MAX_GROWTH_CHANNELS = 32  # the growth of a whole layer would be hundreds of megabytes
GREY = 128

Float = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def _setting(default: Any, label: str, text: str, minimum: float, maximum: float, step: float) -> Any:
    about = {"label": label, "help": text, "minimum": minimum, "maximum": maximum, "step": step}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternParams:
    """Settings of the climb.

    Attributes:
        steps: steps of gradient ascent.
        canvas_px: side of the pictures; None fits it to what a unit of the layer sees.
        seed: of the noise that the climb starts from, and of the jitter.
        jitter: how far the picture is moved at random before each step, 0..1 of its side.
        smoothness: how much easier long waves are painted than short ones.
        colour: how much harder vivid colours are painted than greys; 1 as in photos.
        contrast: how far the climb goes; much makes pictures of black, white and pure colours.
    """

    steps: int = _setting(24, "Steps", "More steps make clearer patterns and take longer.", 8, 256, 8)
    canvas_px: int | None = _setting(
        None, "Canvas (px)", "Side of the pictures. Automatic: what a unit sees, and a margin.", 16, 224, 8
    )
    seed: int = _setting(0, "Seed", "Another seed starts from other noise.", 0, 9999, 1)
    jitter: float = _setting(
        1.0, "Jitter", "Moving the picture before each step keeps it free of noise and frames.", 0, 1, 0.05
    )
    smoothness: float = _setting(0.6, "Smoothness", "More favours large shapes over fine texture.", 0, 2, 0.1)
    colour: float = _setting(0.7, "Natural colours", "More favours greys over vivid colours.", 0, 1, 0.1)
    contrast: float = _setting(8.0, "Contrast", "How soon colours reach black and white.", 1, 20, 1)


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
        QuestionError: no such layer or channel, or a canvas that the layer cannot be computed for.
        Cancelled: ``cancelled`` said so.
    """
    settings = PatternParams() if params is None else params
    chosen = _chosen(probe, layer_name, channels)
    known = None if statistics is None else statistics.get(layer_name)
    alive = np.ones(len(chosen), np.bool_) if known is None else known.alive[chosen]
    frames = growth_frames if len(chosen) <= MAX_GROWTH_CHANNELS else 0
    task = _Task(probe, layer_name, settings, frames, _Progress(progress, cancelled))
    found = task.run(chosen, alive)
    return _judged(layer_name, chosen, alive, known, found)


def strongest_patterns(patterns: FilterPatterns, count: int = 25) -> FilterPatterns:
    """The patterns with the highest scores, best first."""
    best = np.argsort(-patterns.scores, kind="stable")[:count]
    per_pattern = ("channels", "patterns", "scores", "strengths", "beats_photos", "alive")
    return FilterPatterns(
        layer_name=patterns.layer_name,
        has_strengths=patterns.has_strengths,
        history=patterns.history[:, best],
        growth=patterns.growth[:, best],
        growth_steps=patterns.growth_steps,
        **{name: getattr(patterns, name)[best] for name in per_pattern},
    )


def first_layer_kernels(probe: Probe) -> Float:
    """The kernels of the first convolution as pictures: ``(n, kh, kw, c)``, raw signed weights.

    Raises:
        QuestionError: the model has no plain convolution.
    """
    for node in flat_graph(probe.model).nodes:
        if isinstance(node.operation, keras.layers.Conv2D):
            kernel = keras.ops.convert_to_numpy(node.operation.kernel)  # (kh, kw, c, n)
            return np.asarray(kernel, np.float32).transpose(3, 0, 1, 2)
    raise QuestionError("Expected a model with a convolution. Received one with none. Choose another model.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """Pictures with their scores, on the way up (``history``, ``growth``) and at the end."""

    patterns: Pixels
    scores: Float
    history: Float
    growth: Pixels
    growth_steps: NDArray[np.int64]


class _Progress:
    """Tells how far the work is, and stops it when asked to."""

    def __init__(self, tell: Callable[[float], None] | None, cancelled: Callable[[], bool] | None) -> None:
        self._tell, self._cancelled = tell, cancelled

    def __call__(self, fraction: float) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("Stopped before the patterns were finished.")
        if self._tell is not None:
            self._tell(fraction)


class _Task:
    """One layer, one size, one set of settings."""

    def __init__(
        self, probe: Probe, layer_name: str, params: PatternParams, frames: int, progress: _Progress
    ) -> None:
        self._probe, self._params, self._progress = probe, params, progress
        self._size, self._objective = _sized_objective(probe, layer_name, params.canvas_px)
        style = CanvasStyle(decay=params.smoothness, colour=params.colour)
        self._canvas = Canvas(self._size, probe.input_shape[2], probe.preprocessing, style)
        self._ends = chunk_ends(params.steps)
        picked = np.linspace(0, len(self._ends), frames).round().astype(np.int64)
        self._frame_steps = np.unique(np.asarray([0, *self._ends])[picked])

    def run(self, channels: NDArray[np.int64], alive: NDArray[np.bool_]) -> _Found:
        """Climb every living channel; grey pictures for the others."""
        steps, shape = self._params.steps, (len(channels), *self._size, self._canvas.channels)
        patterns = np.full(shape, GREY, np.uint8)
        growth = np.full((len(self._frame_steps), *shape), GREY, np.uint8)
        scores = self._measured(patterns, channels)
        history = np.repeat(scores[None], steps + 1, axis=0)
        climb = Climb(self._objective, self._canvas, self._size)
        batches = _batches(np.flatnonzero(alive), self._size)
        for number, (members, real) in enumerate(batches):
            begun, share = number / len(batches), 1 / len(batches)
            self._progress(begun)
            done = self._climbed(climb, channels[members], begun, share)
            kept = members[:real]
            patterns[kept], scores[kept] = done.patterns[:real], done.scores[:real]
            history[:, kept], growth[:, kept] = done.history[:, :real], done.growth[:, :real]
        self._progress(1.0)
        return _Found(
            patterns=patterns, scores=scores, history=history, growth=growth, growth_steps=self._frame_steps
        )

    def _climbed(self, climb: Climb, channels: NDArray[np.int64], begun: float, share: float) -> _Found:
        """Climb one batch, which is ``share`` of the work; ``begun`` is done already."""
        params = self._params
        schedule = Schedule(
            steps=params.steps, seed=params.seed, jitter=params.jitter, travel=params.contrast
        )
        start = state = self._canvas.start([[params.seed, int(channel)] for channel in channels])
        frames = {0: self._painted(start)} if 0 in self._frame_steps else {}
        history = []
        for end, (state, scores) in zip(self._ends, climb.run(start, channels, schedule), strict=True):
            history.append(scores)
            if end in self._frame_steps:
                frames[end] = self._painted(state)
            if end < params.steps:
                self._progress(begun + share * end / params.steps)
        pictures = self._painted(state)
        final = self._measured(pictures, channels)
        return _Found(
            patterns=pictures,
            scores=final,
            history=np.concatenate([*history, final[None]]),
            growth=np.stack(list(frames.values())) if frames else np.empty((0, *pictures.shape), np.uint8),
            growth_steps=self._frame_steps,
        )

    def _painted(self, coefficients: Any) -> Pixels:
        rows, columns = (np.arange(side, dtype=np.int32) for side in self._size)
        painted = self._canvas.pictures(coefficients, rows, columns)
        return self._probe.preprocessing.invert(keras.ops.convert_to_numpy(painted))

    def _measured(self, pictures: Pixels, channels: NDArray[np.int64]) -> Float:
        """Scores of 8-bit pictures, ``(n,)``."""
        parts: list[Float] = []
        limit = _batch_limit(self._size)
        for first in range(0, len(channels), limit):
            part = slice(first, first + limit)
            inputs = self._probe.preprocessing.apply(pictures[part])
            scores = self._objective(keras.ops.convert_to_tensor(inputs), np.int32(channels[part]))
            parts.append(keras.ops.convert_to_numpy(scores))
        return np.concatenate(parts)


def _chosen(probe: Probe, layer_name: str, channels: Sequence[int] | None) -> NDArray[np.int64]:
    count = channel_count(probe, layer_name)
    if channels is None:
        return np.arange(count)
    wrong = [channel for channel in channels if not 0 <= channel < count]
    if wrong or len(channels) == 0:
        raise QuestionError(
            f"Expected channels from 0 to {count - 1} of {layer_name!r}. Received: {wrong or 'none'}. "
            "Choose others."
        )
    return np.asarray(channels, np.int64)


def _sized_objective(probe: Probe, layer_name: str, side_px: int | None) -> tuple[tuple[int, int], Objective]:
    """Pictures as large as asked for or fitting; the model's own size where it takes no other."""
    size = fitting_size(probe, layer_name) if side_px is None else (side_px, side_px)
    try:
        return size, channel_objective(probe, layer_name, size)
    except QuestionError:
        own = probe.input_shape[0], probe.input_shape[1]
        if own[0] is None or own[1] is None:
            raise
        return (own[0], own[1]), channel_objective(probe, layer_name, (own[0], own[1]))


def _batch_limit(size: tuple[int, int]) -> int:
    return max(1, min(MAX_BATCH, MAX_BATCH_PX // (size[0] * size[1])))


def _batches(indices: NDArray[np.intp], size: tuple[int, int]) -> list[tuple[NDArray[np.intp], int]]:
    """Equal batches, so that the climb is compiled once; the last is filled up by repeats."""
    if len(indices) == 0:
        return []
    count = -(-len(indices) // _batch_limit(size))
    length = -(-len(indices) // count)
    parts = [indices[first : first + length] for first in range(0, len(indices), length)]
    return [(np.pad(part, (0, length - len(part)), mode="edge"), len(part)) for part in parts]


def _judged(
    layer_name: str,
    channels: NDArray[np.int64],
    alive: NDArray[np.bool_],
    known: ChannelStatistics | None,
    found: _Found,
) -> FilterPatterns:
    """Compare the scores with those of real photos."""
    strengths, beats = np.zeros(len(channels), np.float32), np.zeros(len(channels), np.bool_)
    if known is not None:
        spread = known.std[channels]
        np.divide(found.scores - known.mean[channels], spread, out=strengths, where=spread > 0)
        beats = alive & (found.scores > known.maximum[channels])
    return FilterPatterns(
        layer_name=layer_name,
        channels=channels,
        patterns=found.patterns,
        scores=found.scores,
        history=found.history,
        strengths=strengths,
        has_strengths=known is not None,
        beats_photos=beats,
        alive=alive,
        growth=found.growth,
        growth_steps=found.growth_steps,
    )
