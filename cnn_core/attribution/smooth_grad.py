"""SmoothGrad: the gradient, averaged over noisy versions of the picture."""

from __future__ import annotations

import functools

import numpy as np

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import GRADIENTS, attribution_map, sampling_error
from cnn_core.attribution.noisy_gradients import GradientMoments, NoiseSettings, noisy_map
from cnn_core.attribution.pixel_gradients import strongest_channel
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def smooth_grad(probe: Probe, target: Target, settings: NoiseSettings, progress: Progress) -> AttributionMap:
    """``max_ch abs(mean_n dz/dx at x + noise_n)``: saliency without what changes by chance.

    The signed gradients are averaged, so what points now up and now down cancels.

    Args:
        probe: the model.
        target: picture and class.
        settings: samples, noise and seed.
        progress: told after each batch, with the map so far.

    Returns:
        ``(H, W)``, never negative, in logits per unit of the model's input.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Smilkov et al. (2017), with noise as a share of the range of the input, as there.
    """
    return noisy_map(probe, target, settings, progress, functools.partial(_map, probe, target))


def _map(probe: Probe, target: Target, moments: GradientMoments, score: float) -> AttributionMap:
    error = float(np.sqrt(moments.variance.mean() / moments.count)) if moments.count > 1 else None
    values = strongest_channel(moments.mean)
    return attribution_map(probe, target, SMOOTH_GRAD, values, score, standard_error=error)


SMOOTH_GRAD = Analysis(
    key="smooth_grad",
    title="SmoothGrad",
    group=GRADIENTS,
    summary="How strongly the score reacts to each pixel, averaged over noisy versions of the photo.",
    reference="Smilkov et al. 2017",
    result=AttributionMap,
    compute=smooth_grad,
    check=sampling_error,
    settings=NoiseSettings,
    fast=True,
    unit="logits per unit of input",
)
