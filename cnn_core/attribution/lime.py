"""LIME: a linear model of the score around a picture, in which each superpixel has a weight."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import PERTURBATION, attribution_map, sampling_error
from cnn_core.attribution.superpixels import SuperpixelSettings, least_squares, picture_in_parts
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap

KERNEL_WIDTH = 0.25  # of the cosine distance from the whole picture
RIDGE = 1.0  # both as in the authors' program


def lime(probe: Probe, target: Target, settings: SuperpixelSettings, progress: Progress) -> AttributionMap:
    """The weights of a ridge regression of the score on which superpixels are shown, near the picture.

    Pictures with few parts hidden count more. A good fit says what matters nearby; the weights need not add
    up to the score.

    Args:
        probe: the model.
        target: picture and class.
        settings: parts, samples, what hides a part, and the seed.
        progress: told after each batch of samples.

    Returns:
        ``(H, W)``, signed, in logits per pixel: the weight of each part shared evenly by its pixels.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Ribeiro, Singh and Guestrin (2016), of the logit, with all superpixels instead of the best few.
    """
    parts = picture_in_parts(probe, target, settings)
    shown = np.random.default_rng(settings.seed).random((settings.samples, parts.count)) < 0.5
    shown[0] = True
    progress(0.0)
    scores = np.concatenate(list(parts.scores(shown, progress))).astype(np.float64)
    # The cosine between a coalition and the whole is the root of the share that is shown.
    distances = 1 - np.sqrt(shown.mean(axis=1))
    weights = np.exp(-(distances**2) / KERNEL_WIDTH**2)
    share = weights / weights.sum()
    features = shown - share @ shown  # what is left of both without their weighted means
    values, covariance = least_squares(
        np.sqrt(weights)[:, None] * features, np.sqrt(weights) * (scores - share @ scores), RIDGE
    )
    errors = np.sqrt(np.maximum(np.diag(covariance), 0))
    error = float(np.sqrt(np.mean(parts.spread(errors) ** 2)))
    score = parts.hidden.score
    progress(1.0)
    return attribution_map(probe, target, LIME, parts.spread(values), score, standard_error=error)


LIME = Analysis(
    key="lime",
    title="LIME",
    group=PERTURBATION,
    summary="How much each part of the photo matters in a linear model of the answer nearby.",
    reference="Ribeiro et al. 2016",
    result=AttributionMap,
    compute=lime,
    check=sampling_error,
    settings=SuperpixelSettings,
    fast=True,
    signed=True,
    unit="logits per pixel",
)
