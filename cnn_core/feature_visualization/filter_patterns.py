"""What the channels of a layer look for: one image per channel that makes it fire.

Activation maximisation (Erhan et al. 2009) in the way of Olah, Mordvintsev and Schubert (2017).
A pattern shows what drives a channel hardest, which need not be what it meets in photos; look at
the strongest patches of photos beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.feature_visualization.engine.image_size import (
    Size,
    fitting_size,
    jitter_range_px,
    usable_size,
)
from cnn_core.feature_visualization.engine.objectives import ChannelMean
from cnn_core.feature_visualization.engine.optimizer import GradientAscent
from cnn_core.feature_visualization.engine.parameterization import Parameterization
from cnn_core.feature_visualization.engine.transforms import Jitter
from cnn_core.feature_visualization.engine.visualization import (
    Recipe,
    Visualization,
    frame_steps,
    measure,
    optimize,
)
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe, unit_tensor
from cnn_core.progress import SILENT, Progress
from cnn_core.results import FilterPatterns
from cnn_core.settings import number, optional_number

# Measured on two cores: larger batches are no faster per filter and take more memory (8 images of
# 144 px: 180 MB, 16: 330 MB).
MAX_BATCH = 32
MAX_BATCH_PX = 8 * 144 * 144
GREY = 128
GROWTH_FRAMES = 6
MAX_GROWTH_CHANNELS = 32  # the growth of a whole layer would be hundreds of megabytes

Float = NDArray[np.float32]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPatternSettings:
    """Settings of the gradient ascent.

    Attributes:
        steps: steps of gradient ascent.
        canvas_px: side of the images; None fits it to what a unit of the layer sees.
        seed: of the noise that the images start from, and of the jitter.
        jitter: how far the image is shifted at random before each step, 0..1 of ``jitter_range_px``.
        smoothness: how much easier long waves are painted than short ones.
        colour: how much harder vivid colours are painted than greys; 1 as in photos.
        contrast: total step length; much makes images of black, white and pure colours.
    """

    steps: int = number(32, "Steps", "More steps make clearer patterns and take longer.", 8, 256, 8)
    canvas_px: int | None = optional_number(
        "Canvas", "Side of the pictures. Automatic: what a unit sees, and a margin.", 16, 224, 8, "px"
    )
    seed: int = number(0, "Seed", "Another seed starts from other noise.", 0, 9999, 1)
    jitter: float = number(
        1.0, "Jitter", "Moving the picture before each step keeps it free of noise and frames.", 0, 1, 0.05
    )
    smoothness: float = number(0.65, "Smoothness", "More favours large shapes over fine texture.", 0, 2, 0.05)
    colour: float = number(0.5, "Natural colours", "More favours greys over vivid colours.", 0, 1, 0.1)
    contrast: float = number(16.0, "Contrast", "How soon colours reach black and white.", 1, 40, 1)


def filter_patterns(
    probe: Probe, target: Target, settings: FilterPatternSettings, progress: Progress = SILENT
) -> FilterPatterns:
    """Find an image for each channel that drives the mean of its map, before the non-linearity, up.

    Args:
        probe: the model; never changed.
        target: a layer with channels, and which of them. A channel that fires on none of the photos
            that the statistics are of is dead: it gets a grey image, and nothing is optimized for it.
        settings: of the gradient ascent.
        progress: told after each chunk of steps, and after each batch with the patterns so far.

    Raises:
        InvalidRequestError: no such layer, or a size that it cannot be computed for.
        Cancelled: ``progress`` said so.
    """
    progress(0.0)
    name = target.layer
    count = unit_tensor(probe.unit_node(name)).shape[-1]
    channels = np.asarray(range(count) if target.channels is None else target.channels, np.int64)
    known = target.statistics.get(name)
    active = np.ones(len(channels), np.bool_) if known is None else known.active[channels]
    size_px = _size_px(probe, name, settings)
    frames = GROWTH_FRAMES if len(channels) <= MAX_GROWTH_CHANNELS else 0

    def recipe(members: Indices) -> Recipe:
        return _recipe(probe, name, channels[members], size_px, settings)

    done = [(dead, _grey(probe, recipe(dead), len(dead), frames)) for dead in _batches(~active, size_px)]
    batches = _batches(active, size_px)
    for number_of_batch, members in enumerate(batches):
        filled = np.pad(members, (0, len(batches[0]) - len(members)), mode="edge")  # compiled for one size
        start = recipe(filled).parameterization.noise([[settings.seed, int(k)] for k in channels[filled]])
        part = progress.part(number_of_batch, len(batches))
        done.append((members, optimize(probe, recipe(filled), start, frames=frames, progress=part)))
        part(1.0, _result(name, channels, known, done))
    return _result(name, channels, known, done)


def strongest_patterns(patterns: FilterPatterns, count: int = 25) -> FilterPatterns:
    """The patterns with the highest scores, best first; dead channels come last."""
    scores = np.where(patterns.active, patterns.scores, -np.inf)
    best = np.argsort(-scores, kind="stable")[:count]
    per_pattern = ("channels", "patterns", "scores", "z_scores", "exceeds_dataset_maximum", "active")
    return replace(
        patterns,
        history=patterns.history[:, best],
        growth=patterns.growth[:, best],
        **{name: getattr(patterns, name)[best] for name in per_pattern},
    )


def remeasured(probe: Probe, patterns: FilterPatterns, known: ChannelStatistics | None) -> FilterPatterns:
    """Patterns whose pictures were changed, with the scores of what they show now.

    Args:
        probe: the model.
        patterns: of one of its layers, without growth.
        known: the statistics of that layer.
    """
    positions = np.arange(len(patterns.channels))
    size_px = patterns.patterns.shape[1], patterns.patterns.shape[2]
    done = []
    for members in _batches(positions >= 0, size_px):
        images = patterns.patterns[members]
        objective = ChannelMean(
            layer_name=patterns.layer_name, index=tuple(patterns.channels[members].tolist())
        )
        scores = measure(probe, objective, images)
        history = np.concatenate([patterns.history[:-1, members], scores[None]])
        nothing = np.empty((0, *images.shape), np.uint8)
        steps = np.empty(0, np.int64)
        found = Visualization(
            images=images, scores=scores, history=history, growth=nothing, growth_steps=steps
        )
        done.append((members, found))
    return _result(patterns.layer_name, patterns.channels, known, done)


def _size_px(probe: Probe, name: str, settings: FilterPatternSettings) -> Size:
    side = settings.canvas_px
    wanted = fitting_size(probe, name) if side is None else (side, side)
    return usable_size(probe, probe.unit_node(name).name, wanted)


def _recipe(
    probe: Probe, name: str, channels: Indices, size_px: Size, settings: FilterPatternSettings
) -> Recipe:
    down, across = jitter_range_px(probe, name, size_px)
    return Recipe(
        objective=ChannelMean(layer_name=name, index=tuple(channels.tolist())),
        parameterization=Parameterization(
            size_px=size_px,
            channels=probe.input_shape[2],
            preprocessing=probe.preprocessing,
            decay=settings.smoothness,
            colour=settings.colour,
        ),
        optimizer=GradientAscent(steps=settings.steps, total_step_length=settings.contrast),
        transforms=(Jitter(range_px=(round(settings.jitter * down), round(settings.jitter * across))),),
        seed=settings.seed,
    )


def _batches(chosen: Flags, size_px: Size) -> list[Indices]:
    """Positions of the chosen in batches of equal length; the last may be shorter."""
    positions = np.flatnonzero(chosen)
    limit = max(1, min(MAX_BATCH, MAX_BATCH_PX // (size_px[0] * size_px[1])))
    count = max(1, -(-len(positions) // limit))
    length = max(1, -(-len(positions) // count))
    return [positions[first : first + length] for first in range(0, len(positions), length)]


def _grey(probe: Probe, recipe: Recipe, count: int, frames: int) -> Visualization:
    """What dead channels get."""
    images = np.full((count, *recipe.parameterization.size_px, probe.input_shape[2]), GREY, np.uint8)
    scores = measure(probe, recipe.objective, images)
    steps = frame_steps(recipe.optimizer, frames)
    return Visualization(
        images=images,
        scores=scores,
        history=np.tile(scores, (recipe.optimizer.steps + 1, 1)),
        growth=np.tile(images, (len(steps), 1, 1, 1, 1)),
        growth_steps=steps,
    )


def _result(
    name: str,
    channels: Indices,
    known: ChannelStatistics | None,
    done: list[tuple[Indices, Visualization]],
) -> FilterPatterns:
    """The patterns so far in the order asked for, compared with the data set."""
    positions = np.concatenate([members for members, _ in done])
    order = np.argsort(positions)

    def joined(field: str, axis: int) -> NDArray[Any]:
        parts = [np.take(getattr(found, field), range(len(members)), axis) for members, found in done]
        return np.concatenate(parts, axis).take(order, axis)

    channels, scores = channels[positions[order]], joined("scores", 0)
    z_scores, exceeds = np.zeros(len(channels), np.float32), np.zeros(len(channels), np.bool_)
    active = np.ones(len(channels), np.bool_)
    if known is not None:
        spread, active = known.std[channels], known.active[channels]
        np.divide(scores - known.mean[channels], spread, out=z_scores, where=spread > 0)
        exceeds = active & (scores > known.maximum[channels])
    return FilterPatterns(
        layer_name=name,
        channels=channels,
        patterns=joined("images", 0),
        scores=scores,
        history=joined("history", 1),
        z_scores=z_scores,
        has_z_scores=known is not None,
        exceeds_dataset_maximum=exceeds,
        active=active,
        growth=joined("growth", 1),
        growth_steps=done[0][1].growth_steps,
    )


def _check(patterns: FilterPatterns) -> Check:
    """Whether every optimized pattern drives its channel more than what it started from."""
    if not patterns.active.any():
        return Check(sentence="No channel is active, so no pattern was optimized.")
    rise = float((patterns.scores - patterns.history[0])[patterns.active].min())
    sentence = (
        "Even the pattern that gained least scores higher than its start, measured again on its pixels."
    )
    if rise <= 0:
        sentence = "Some pattern scores no higher than its start, measured again on its pixels."
    return Check(sentence=sentence, figure=rise, holds=rise > 0)


def _inapplicable(outline: Outline, head: int) -> str | None:
    if any(info.convolution for info in outline.layers):
        return None
    return "This network has no convolution, so it has no filters with patterns."


FILTER_PATTERNS = Analysis(
    key="filter_patterns",
    title="Filter patterns",
    group="Feature visualization",
    summary="The image that makes each filter of a layer fire most, found by gradient ascent.",
    reference="Erhan et al. 2009; Olah et al. 2017",
    version=2,
    result=FilterPatterns,
    compute=filter_patterns,
    check=_check,
    settings=FilterPatternSettings,
    needs_image=False,
    needs_class=False,
    needs_layer="convolution",
    takes_channels=True,
    fast=True,
    inapplicable=_inapplicable,
)
