"""Gradients at many noisy versions of a picture, as SmoothGrad and VarGrad take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
from cnn_core.attribution.masking import even, quick_precision, slices
from cnn_core.attribution.pixel_gradients import gradients, gradients_at_once
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSettings:
    """How many noisy pictures, and how noisy."""

    samples: int = number(50, "Samples", "How many noisy versions of the picture are asked.", 2, 1000, 1)
    noise: float = number(
        0.15,
        "Noise",
        "Standard deviation of the noise, as a share of the range from black to white.",
        0.0,
        1.0,
        0.01,
    )
    seed: int = number(0, "Seed", "Another seed draws other noise.", 0, 9999, 1)


@dataclass(frozen=True, slots=True, eq=False)
class GradientMoments:
    """What is kept of the gradients so far.

    Attributes:
        count: how many.
        mean: ``(H, W, c)``, of the signed gradients.
        variance: ``(H, W, c)``, of one sample; zero of a single one.
    """

    count: int
    mean: Float64
    variance: Float64


def gradient_moments(probe: Probe, target: Target, settings: NoiseSettings) -> Iterator[GradientMoments]:
    """Mean and variance of the gradients, after each batch of noisy pictures."""
    random = np.random.default_rng(settings.seed)
    black, white = probe.preprocessing.bounds()
    spread = np.float32(settings.noise) * np.abs(white - black)  # noise on the scale of the input
    total, squares = (np.zeros(target.picture.shape[1:], np.float64) for _ in range(2))
    size = even(settings.samples, gradients_at_once(probe, target))
    for part in slices(settings.samples, size):
        shape = (part.stop - part.start, *target.picture.shape[1:])
        noisy = target.picture + spread * random.standard_normal(shape, np.float32)
        slopes = gradients(probe, target, noisy, size, quick_precision(probe.outline))
        total += slopes.sum(axis=0)
        squares += np.einsum("nhwc,nhwc->hwc", slopes, slopes)
        mean = total / part.stop
        variance = np.maximum(squares / part.stop - mean**2, 0) * part.stop / max(part.stop - 1, 1)
        yield GradientMoments(part.stop, mean, variance)


def noisy_map(
    probe: Probe,
    target: Target,
    settings: NoiseSettings,
    progress: Progress,
    drawn: Callable[[GradientMoments, float], AttributionMap],
) -> AttributionMap:
    """The map that ``drawn`` makes of the moments and the score, told after each batch."""
    score = float(probe.scores(target.picture)[target.head][0, target.label])
    progress(0.0)
    for moments in gradient_moments(probe, target, settings):
        found = drawn(moments, score)
        progress(moments.count / settings.samples, found)
    return found
