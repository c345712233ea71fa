"""VarGrad: how much the gradient varies over noisy versions of the picture."""

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


def var_grad(probe: Probe, target: Target, settings: NoiseSettings, progress: Progress) -> AttributionMap:
    """``max_ch var_n(dz/dx at x + noise_n)``: where the network bends under noise.

    A linear model has none. Independent of the gradient itself, so it marks edges that matter either way.

    Args:
        probe: the model.
        target: picture and class.
        settings: samples, noise and seed.
        progress: told after each batch, with the map so far.

    Returns:
        ``(H, W)``, never negative, in squared logits per squared unit of the model's input.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Adebayo et al. (2018), the appendix of their study of saliency maps.
    """
    return noisy_map(probe, target, settings, progress, functools.partial(_map, probe, target))


def _map(probe: Probe, target: Target, moments: GradientMoments, score: float) -> AttributionMap:
    values = strongest_channel(moments.variance)
    # The variance of a variance, as of normal gradients.
    error = float(np.sqrt(2 / (moments.count - 1) * np.mean(values**2))) if moments.count > 1 else None
    return attribution_map(probe, target, VAR_GRAD, values, score, standard_error=error)


VAR_GRAD = Analysis(
    key="var_grad",
    title="VarGrad",
    group=GRADIENTS,
    summary="Where the reaction of the score to a pixel changes most under noise.",
    reference="Adebayo et al. 2018",
    result=AttributionMap,
    compute=var_grad,
    check=sampling_error,
    settings=NoiseSettings,
    fast=True,
    strongest="its slope varies most",
)
