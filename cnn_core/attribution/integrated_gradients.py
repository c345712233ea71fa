"""Integrated Gradients: what each pixel adds on the way from a baseline to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import GRADIENTS, attribution_map, completeness
from cnn_core.attribution.masking import fill, fill_field, slices
from cnn_core.attribution.pixel_gradients import fast_gradients, gradients_at_once
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedGradientsSettings:
    """Where the way begins, and how often it is looked at."""

    baseline: str = fill_field("black", "Baseline")
    steps: int = number(32, "Steps", "Points of the way at which the gradient is taken.", 2, 512, 2)
    seed: int = number(0, "Seed", "Of a baseline of noise.", 0, 9999, 1)


def integrated_gradients(
    probe: Probe, target: Target, settings: IntegratedGradientsSettings, progress: Progress
) -> AttributionMap:
    """``sum_ch (x - x') * integral of dz/dx from x' to x`` for the logit ``z`` of a class.

    The pixels add up to ``z(x) - z(x')`` whatever the network, but for the error of the integral, which is
    taken at Gauss-Legendre points. A pixel that is the same in the baseline gets nothing: choose another one
    where black matters.

    Args:
        probe: the model.
        target: picture and class.
        settings: baseline and steps.
        progress: told after each batch of steps.

    Returns:
        ``(H, W)``, signed, in logits per pixel.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Sundararajan, Taly and Yan (2017).
    """
    picture, head, label = target.picture, target.head, target.label
    baseline = np.ascontiguousarray(fill(probe, picture, settings.baseline, settings.seed))
    points, weights = np.polynomial.legendre.leggauss(settings.steps)
    shares = ((points + 1) / 2).astype(np.float32)[:, None, None, None]
    mean = np.zeros(picture.shape[1:], np.float64)
    progress(0.0)
    for part in slices(settings.steps, gradients_at_once(probe, target)):
        gradients = fast_gradients(probe, target, baseline + shares[part] * (picture - baseline))
        mean += np.tensordot(weights[part] / 2, gradients, axes=1)  # (H, W, c)
        progress(part.stop / settings.steps)
    values = ((picture - baseline)[0] * mean).sum(axis=-1)  # (H, W)
    score, at_baseline = (float(probe.scores(each)[head][0, label]) for each in (picture, baseline))
    return attribution_map(probe, target, INTEGRATED_GRADIENTS, values, score, constant=at_baseline)


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
    fast=True,
    signed=True,
)
