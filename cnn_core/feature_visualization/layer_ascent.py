"""Gradient ascent for the channels of one layer: recipes, starts, batches, results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
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
)
from cnn_core.neurons.statistics import ChannelStatistics
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor
from cnn_core.results import FilterPatterns
from cnn_core.settings import number, optional_number

# Measured on two cores: larger batches are no faster per filter and take more memory (8 images of
# 144 px: 180 MB, 16: 330 MB).
MAX_BATCH = 32
MAX_BATCH_PX = 8 * 144 * 144
GREY = 128

Float = NDArray[np.float32]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
Done = list[tuple[Indices, Visualization]]


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


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerAscent:
    """The ascent for some channels of a layer. A position is a place in ``channels``.

    Attributes:
        probe: the model.
        layer_name: the layer.
        channels: ``(n,)``.
        known: statistics of the layer over real photos, or None.
        size_px: (height, width) of the images.
        settings: of the ascent.
    """

    probe: Probe
    layer_name: str
    channels: Indices
    known: ChannelStatistics | None
    size_px: Size
    settings: FilterPatternSettings

    @classmethod
    def of(cls, probe: Probe, target: Target, settings: FilterPatternSettings) -> LayerAscent:
        """The ascent for the layer and the channels of a target.

        Raises:
            InvalidRequestError: no such layer, or a size that it cannot be computed for.
        """
        name, side = target.layer, settings.canvas_px
        count = unit_tensor(probe.unit_node(name)).shape[-1]
        wanted = fitting_size(probe, name) if side is None else (side, side)
        return cls(
            probe=probe,
            layer_name=name,
            channels=np.asarray(range(count) if target.channels is None else target.channels, np.int64),
            known=target.statistics.get(name),
            size_px=usable_size(probe, probe.unit_node(name).name, wanted),
            settings=settings,
        )

    @property
    def active(self) -> Flags:
        """``(n,)``: whether a channel fires on some photo; all count as active without statistics."""
        if self.known is None:
            return np.ones(len(self.channels), np.bool_)
        return self.known.active[self.channels]

    @cached_property
    def _about(self) -> dict[str, Any]:
        """What the recipes of all channels share."""
        settings = self.settings
        down, across = jitter_range_px(self.probe, self.layer_name, self.size_px)
        jitter = Jitter(range_px=(round(settings.jitter * down), round(settings.jitter * across)))
        return {
            "parameterization": Parameterization(
                size_px=self.size_px,
                channels=self.probe.input_shape[2],
                preprocessing=self.probe.preprocessing,
                decay=settings.smoothness,
                colour=settings.colour,
            ),
            "optimizer": GradientAscent(steps=settings.steps, total_step_length=settings.contrast),
            "transforms": (jitter,),
            "seed": settings.seed,
        }

    def objective(self, positions: Indices) -> ChannelMean:
        """The mean of the map of each of some channels, before the non-linearity."""
        return ChannelMean(layer_name=self.layer_name, index=tuple(self.channels[positions].tolist()))

    def recipe(self, positions: Indices) -> Recipe:
        """How the images for some channels are found."""
        return Recipe(objective=self.objective(positions), **self._about)

    def noise(self, positions: Indices) -> Float:
        """What the images for some channels start from; that of a channel does not depend on the others."""
        parameterization: Parameterization = self._about["parameterization"]
        return parameterization.noise([[self.settings.seed, int(k)] for k in self.channels[positions]])

    def batches(self, positions: Indices) -> list[Indices]:
        """Some positions in batches of equal length; the last may be shorter."""
        count = max(1, -(-len(positions) // self._limit))
        length = max(1, -(-len(positions) // count))
        return [positions[first : first + length] for first in range(0, len(positions), length)]

    @property
    def _limit(self) -> int:
        return max(1, min(MAX_BATCH, MAX_BATCH_PX // (self.size_px[0] * self.size_px[1])))

    def grey(self, positions: Indices, frames: int = 0) -> Visualization:
        """What dead channels get."""
        recipe = self.recipe(positions)
        images = np.full((len(positions), *self.size_px, self.probe.input_shape[2]), GREY, np.uint8)
        scores = measure(self.probe, recipe.objective, images)
        steps = frame_steps(recipe.optimizer, frames)
        return Visualization(
            images=images,
            scores=scores,
            history=np.tile(scores, (recipe.optimizer.steps + 1, 1)),
            growth=np.tile(images, (len(steps), 1, 1, 1, 1)),
            growth_steps=steps,
        )

    def measured(self, positions: Indices, images: Pixels, history: Float) -> Visualization:
        """Images ``(n, H, W, c)`` with their scores, which end ``history``, ``(steps, n)``; no growth."""
        scores = measure(self.probe, self.objective(positions), images)
        return Visualization(
            images=images,
            scores=scores,
            history=np.concatenate([history, scores[None]]),
            growth=np.empty((0, *images.shape), np.uint8),
            growth_steps=np.empty(0, np.int64),
        )

    def result(self, done: Done) -> FilterPatterns:
        """The patterns so far in the order of the channels, compared with the data set."""
        positions = np.concatenate([members for members, _ in done])
        order = np.argsort(positions)

        def joined(field: str, axis: int) -> NDArray[Any]:
            parts = [np.take(getattr(found, field), range(len(members)), axis) for members, found in done]
            return np.concatenate(parts, axis).take(order, axis)

        channels, scores, known = self.channels[positions[order]], joined("scores", 0), self.known
        z_scores, exceeds = np.zeros(len(channels), np.float32), np.zeros(len(channels), np.bool_)
        active = np.ones(len(channels), np.bool_)
        if known is not None:
            spread, active = known.std[channels], known.active[channels]
            np.divide(scores - known.mean[channels], spread, out=z_scores, where=spread > 0)
            exceeds = active & (scores > known.maximum[channels])
        return FilterPatterns(
            layer_name=self.layer_name,
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
