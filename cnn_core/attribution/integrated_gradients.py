"""Integrated Gradients: what each pixel adds on the way from a baseline to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import (
    GRADIENTS,
    Float,
    attribution_map,
    complete,
    completeness,
)
from cnn_core.attribution.masking import fill, fill_field, slices
from cnn_core.attribution.pixel_gradients import gradients, gradients_at_once
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number

FIRST_STEPS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedGradientsSettings:
    """Where the way begins, and how often it is looked at."""

    baseline: str = fill_field("black", "Baseline")
    steps: int = number(
        128,
        "Steps",
        "At most so many points of the way; fewer where the pixels add up to the change of the score before.",
        2,
        1024,
        2,
    )
    seed: int = number(0, "Seed", "Of a baseline of noise.", 0, 9999, 1)


def integrated_gradients(
    probe: Probe, target: Target, settings: IntegratedGradientsSettings, progress: Progress
) -> AttributionMap:
    """``sum_ch (x - x') * integral of dz/dx from x' to x`` for the logit ``z`` of a class.

    The pixels add up to ``z(x) - z(x')`` whatever the network, but for the error of the integral, which is
    taken at 32 Gauss-Legendre points, and at twice as many until the sum is right within 1 %. A pixel that is
    the same in the baseline gets nothing: choose another one where black matters.

    Args:
        probe: the model.
        target: picture and class.
        settings: baseline and steps.
        progress: told after each batch of steps, with the map of the points before they were doubled.

    Returns:
        ``(H, W)``, signed, in logits per pixel.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Sundararajan, Taly and Yan (2017). In full precision: rounding to bfloat16 would move single pixels.
    """
    picture, head, label = target.picture, target.head, target.label
    baseline = np.ascontiguousarray(fill(probe, picture, settings.baseline, settings.seed))
    score, constant = (float(probe.scores(each)[head][0, label]) for each in (picture, baseline))
    counts = _doubled(settings.steps)
    found = None
    for index, count in enumerate(counts):
        part = progress.between(sum(counts[:index]) / sum(counts), sum(counts[: index + 1]) / sum(counts))
        mean = _mean_gradient(probe, target, baseline, count, part, found)  # (H, W, c)
        values = ((picture - baseline)[0] * mean).sum(axis=-1)  # (H, W)
        found = attribution_map(probe, target, INTEGRATED_GRADIENTS, values, score, constant=constant)
        if complete(found):
            break
    progress(1.0, found)
    return cast("AttributionMap", found)


def _doubled(most: int) -> list[int]:
    """Numbers of points, each twice the one before, up to ``most``."""
    counts = [min(FIRST_STEPS, most)]
    while counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    return counts


def _mean_gradient(
    probe: Probe,
    target: Target,
    baseline: Float,
    count: int,
    progress: Progress,
    found: AttributionMap | None,
) -> NDArray[np.float64]:
    """The mean gradient ``(H, W, c)`` on the way from the baseline to the picture."""
    points, weights = np.polynomial.legendre.leggauss(count)
    shares = ((points + 1) / 2).astype(np.float32)[:, None, None, None]
    mean = np.zeros(target.picture.shape[1:], np.float64)
    progress(0.0, found)
    size = gradients_at_once(probe, target)
    for part in slices(count, size):
        slopes = gradients(probe, target, baseline + shares[part] * (target.picture - baseline), size)
        mean += np.tensordot(weights[part] / 2, slopes, axes=1)  # (H, W, c)
        progress(part.stop / count, found)
    return mean


INTEGRATED_GRADIENTS = Analysis(
    key="integrated_gradients",
    title="Integrated Gradients",
    group=GRADIENTS,
    summary="What each pixel adds to the score on the way from a blank picture to the photo.",
    reference="Sundararajan et al. 2017",
    result=AttributionMap,
    compute=integrated_gradients,
    check=completeness("the score of the baseline"),
    settings=IntegratedGradientsSettings,
    signed=True,
    unit="logits per pixel",
)
