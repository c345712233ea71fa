"""All patterns of one layer: batches of channels, each climbed in chunks of a few steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.backend import fast_precision
from cnn_core.errors import Cancelled, InvalidRequestError
from cnn_core.feature_visualization.engine.canvas_size import fitting_size, play_px
from cnn_core.feature_visualization.engine.objectives import Objective, channel_objective
from cnn_core.feature_visualization.engine.optimizer import Climb, Schedule, chunk_ends
from cnn_core.feature_visualization.engine.parameterization import Canvas, CanvasStyle
from cnn_core.feature_visualization.settings import PatternParams
from cnn_core.probe.probe import Probe

# Measured on two cores: larger batches are no faster per filter and take more memory (8 pictures of
# 144 px: 180 MB, 16: 330 MB).
MAX_BATCH = 32
MAX_BATCH_PX = 8 * 144 * 144
GREY = 128

Float = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Pictures with their scores, on the way up (``history``, ``growth``) and at the end."""

    patterns: Pixels
    scores: Float
    history: Float
    growth: Pixels
    growth_steps: NDArray[np.int64]


class Progress:
    """Tells how far the work is, and stops it when asked to."""

    def __init__(self, tell: Callable[[float], None] | None, cancelled: Callable[[], bool] | None) -> None:
        self._tell, self._cancelled = tell, cancelled

    def __call__(self, fraction: float) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("Stopped before the patterns were finished.")
        if self._tell is not None:
            self._tell(fraction)


class LayerClimb:
    """One layer, one size, one set of settings."""

    def __init__(
        self, probe: Probe, layer_name: str, params: PatternParams, frames: int, progress: Progress
    ) -> None:
        self._probe, self._params, self._progress = probe, params, progress
        self._size, self._objective = _sized_objective(probe, layer_name, params.canvas_px)
        self._layer_name = layer_name
        self._style = CanvasStyle(decay=params.smoothness, colour=params.colour)
        self._canvas = Canvas(self._size, probe.input_shape[2], probe.preprocessing, self._style)
        self._ends = chunk_ends(params.steps)
        picked = np.linspace(0, len(self._ends), frames).round().astype(np.int64)
        self._frame_steps = np.unique(np.asarray([0, *self._ends])[picked])

    def run(self, channels: NDArray[np.int64], active: NDArray[np.bool_]) -> Found:
        """Climb every living channel; grey pictures for the others."""
        steps, shape = self._params.steps, (len(channels), *self._size, self._canvas.channels)
        patterns = np.full(shape, GREY, np.uint8)
        growth = np.full((len(self._frame_steps), *shape), GREY, np.uint8)
        scores = np.zeros(len(channels), np.float32)
        history = np.zeros((steps + 1, len(channels)), np.float32)
        dead = np.flatnonzero(~active)
        scores[dead] = history[:, dead] = self._measured(patterns[dead], channels[dead])
        batches = _batches(np.flatnonzero(active), self._size)
        for number, (members, real) in enumerate(batches):
            begun, share = number / len(batches), 1 / len(batches)
            self._progress(begun)
            done = self._climbed(channels[members], begun, share)
            kept = members[:real]
            patterns[kept], scores[kept] = done.patterns[:real], done.scores[:real]
            history[:, kept], growth[:, kept] = done.history[:, :real], done.growth[:, :real]
        self._progress(1.0)
        return Found(
            patterns=patterns, scores=scores, history=history, growth=growth, growth_steps=self._frame_steps
        )

    def _climbed(self, channels: NDArray[np.int64], begun: float, share: float) -> Found:
        """Climb one batch, which is ``share`` of the work; ``begun`` is done already."""
        steps, seed = self._params.steps, self._params.seed
        climb = self._compiled(len(channels))
        start = state = self._canvas.start([[seed, int(channel)] for channel in channels])
        frames = {0: self._painted(start)} if 0 in self._frame_steps else {}
        history = []
        for end, (state, scores) in zip(
            self._ends, climb.run(start, channels, self._schedule()), strict=True
        ):
            history.append(scores)
            if end in self._frame_steps:
                frames[end] = self._painted(state)
            if end < steps:
                self._progress(begun + share * end / steps)
        pictures = self._painted(state)
        final = self._measured(pictures, channels)
        return Found(
            patterns=pictures,
            scores=final,
            history=np.concatenate([*history, final[None]]),
            growth=np.stack(list(frames.values())) if frames else np.empty((0, *pictures.shape), np.uint8),
            growth_steps=self._frame_steps,
        )

    def _schedule(self) -> Schedule:
        params = self._params
        down, across = play_px(self._probe, self._layer_name, self._size)
        play = round(params.jitter * down), round(params.jitter * across)
        return Schedule(steps=params.steps, seed=params.seed, play_px=play, travel=params.contrast)

    def _compiled(self, count: int) -> Climb:
        """The climb for batches of ``count``, compiled once for a model."""

        def make() -> Climb:
            fast = channel_objective(self._probe, self._layer_name, self._size, fast_precision())
            return Climb(fast, self._canvas)

        key = ("climb", self._layer_name, self._size, self._style, count)
        climb: Climb = self._probe.once(key, make)
        return climb

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
        return np.concatenate([np.empty(0, np.float32), *parts])


def _sized_objective(probe: Probe, layer_name: str, side_px: int | None) -> tuple[tuple[int, int], Objective]:
    """Pictures as large as asked for or fitting; the model's own size where it takes no other."""
    size = fitting_size(probe, layer_name) if side_px is None else (side_px, side_px)
    try:
        return size, channel_objective(probe, layer_name, size)
    except InvalidRequestError:
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
