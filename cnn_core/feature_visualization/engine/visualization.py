"""The four values put together: objective, parameterization, transforms, optimizer -> images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.feature_visualization.engine.objectives import Objective, compiled
from cnn_core.feature_visualization.engine.optimizer import GradientAscent
from cnn_core.feature_visualization.engine.parameterization import Parameterization
from cnn_core.feature_visualization.engine.transforms import Transform
from cnn_core.framework import backend, keras
from cnn_core.probe.probe import Probe
from cnn_core.processor import fast_precision
from cnn_core.progress import SILENT, Progress

Float = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to visualize.

    Attributes:
        objective: what is maximised.
        parameterization: of the images.
        optimizer: how it is maximised.
        transforms: applied before each step, in this order.
        seed: of the transforms.
    """

    objective: Objective
    parameterization: Parameterization
    optimizer: GradientAscent
    transforms: tuple[Transform, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visualization:
    """A batch of optimized images.

    Attributes:
        images: ``(n, H, W, c)``.
        scores: ``(n,)``, the objective, re-measured on ``images``.
        history: ``(steps + 1, n)``, the objective before each step, and last ``scores``.
        growth: ``(frames, n, H, W, c)``, the images at ``growth_steps``.
        growth_steps: ``(frames,)``.
    """

    images: Pixels
    scores: Float
    history: Float
    growth: Pixels
    growth_steps: NDArray[np.int64]


def optimize(
    probe: Probe, recipe: Recipe, start: Float, *, frames: int = 0, progress: Progress = SILENT
) -> Visualization:
    """Maximise an objective over a batch of images.

    Args:
        probe: the model; never changed.
        recipe: the four values.
        start: coefficients ``(n, c, H, W)``: ``noise``, ``grey`` or ``encode`` of the parameterization.
        frames: most images of the way up that are kept; they lie between chunks of a few steps.
        progress: told after each chunk.

    Raises:
        InvalidRequestError: no such layer, or one that cannot be computed for images of that size.
        Cancelled: ``progress`` said so.
    """
    optimizer, parameterization = recipe.optimizer, recipe.parameterization
    growth_steps = frame_steps(optimizer, frames)
    growth = {0: parameterization.decode(start)} if 0 in growth_steps else {}
    state, history = optimizer.state(start), []
    for chunk in optimizer.chunks():
        state, scores = advance(probe, recipe, state, chunk)
        history.append(scores)
        if chunk.stop in growth_steps:
            growth[chunk.stop] = parameterization.decode(state[0])
        progress(chunk.stop / optimizer.steps)
    images = parameterization.decode(state[0])
    final = measure(probe, recipe.objective, images)
    return Visualization(
        images=images,
        scores=final,
        history=np.concatenate([*history, final[None]]),
        growth=np.stack(list(growth.values())) if growth else np.empty((0, *images.shape), np.uint8),
        growth_steps=growth_steps,
    )


def advance(probe: Probe, recipe: Recipe, state: list[Any], steps: slice) -> tuple[list[Any], Float]:
    """Take some of the steps of a recipe.

    Args:
        probe: the model; never changed.
        recipe: the four values.
        state: of the optimizer before these steps, arrays ``(n, ...)``.
        steps: which; compiled anew for another number of them.

    Returns:
        The state afterwards, and the objective before each step ``(steps, n)``.
    """
    count, now = len(state[0]), [array[steps] for array in _schedule(recipe)]
    after, scores = _ascent(probe, recipe, count)(state, recipe.objective.arguments(count), now)
    return list(after), scores


def measure(probe: Probe, objective: Objective, images: Pixels) -> Float:
    """The objective of 8-bit images ``(n, H, W, c)``, in full precision: ``(n,)``."""
    size_px = images.shape[1], images.shape[2]
    score = probe.once(("objective", objective.kind, size_px), lambda: compiled(objective, probe, size_px))
    inputs = keras.ops.convert_to_tensor(probe.preprocessing.apply(images))
    scores: Float = keras.ops.convert_to_numpy(score(inputs, objective.arguments(len(images))))
    return scores


def frame_steps(optimizer: GradientAscent, frames: int) -> NDArray[np.int64]:
    """The steps, start and end included, after which images of the way up are kept."""
    ends = np.asarray([0, *(chunk.stop for chunk in optimizer.chunks())])
    return np.unique(ends[np.linspace(0, len(ends) - 1, frames).round().astype(np.int64)])


def _schedule(recipe: Recipe) -> list[NDArray[Any]]:
    """What differs from step to step: lengths, and an array per transform."""
    steps, size_px = recipe.optimizer.steps, recipe.parameterization.size_px
    generator = np.random.default_rng(recipe.seed)
    transforms = (transform.schedule(steps, size_px, generator) for transform in recipe.transforms)
    return [recipe.optimizer.step_lengths(), *transforms]


def _ascent(probe: Probe, recipe: Recipe, count: int) -> Callable[..., Any]:
    """The compiled steps for batches of ``count``, the same for all recipes of a kind."""
    parameterization, optimizer, transforms = recipe.parameterization, recipe.optimizer, recipe.transforms

    def make() -> backend.Ascent:
        fast = compiled(recipe.objective, probe, parameterization.size_px, fast_precision())

        def score(coefficients: Any, arguments: Any, now: Any) -> Any:
            basis = parameterization.matrices
            for transform, change in zip(transforms, now[1:], strict=True):
                basis = transform.on_basis(basis, change)
            images = parameterization.images(coefficients, basis)
            for transform, change in zip(transforms, now[1:], strict=True):
                images = transform.on_images(images, change)
            return fast(images, arguments)

        def step(state: Any, gradient: Any, now: Any) -> list[Any]:
            return optimizer.step(state, gradient, now[0], parameterization)

        return backend.Ascent(score, step)

    kinds = tuple(type(transform) for transform in transforms)
    key = ("ascent", recipe.objective.kind, parameterization, optimizer.momentum, kinds, count)
    ascent: backend.Ascent = probe.once(key, make)
    return ascent
