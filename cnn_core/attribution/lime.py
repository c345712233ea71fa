"""LIME: a linear model of the score near the picture, of which superpixels are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import PERTURBATION, attribution_map, completeness
from cnn_core.attribution.coalitions import (
    PREVIEWS,
    Coalitions,
    CoalitionSettings,
    Double,
    all_coalitions,
    least_squares,
)
from cnn_core.attribution.superpixels import spread_error, spread_evenly
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class LimeSettings(CoalitionSettings):
    """Which superpixels are hidden, by what, and how near to the picture a sample counts."""

    kernel_width: float = number(
        0.25, "Kernel width", "How far from the whole photo a sample still counts.", 0.05, 2.0, 0.05
    )


def lime(probe: Probe, target: Target, settings: LimeSettings, progress: Progress) -> AttributionMap:
    """The coefficients of a linear model of the logit of a class, spread over their pixels.

    Each sample shows every superpixel by the toss of a coin. The model is fitted to the scores by least
    squares, in which a sample counts the more the less of the picture it hides. Where superpixels work
    together, no linear model fits, and what the map and the intercept miss of the score tells by how much.

    Args:
        probe: the model.
        target: picture and class.
        settings: number of superpixels and samples, what hides, the width of the kernel, and the seed.
        progress: told after each batch, now and then with the map so far.

    Returns:
        ``(H, W)``, signed, in logits per pixel. Its ``constant`` is the intercept.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Ribeiro, Singh and Guestrin (2016), with SLIC for the superpixels and plain least squares in place of
        ridge regression, so that an additive score is explained exactly; of the logit.
    """
    hidden = Coalitions(probe, target, settings)
    progress(0.0)
    score, players = hidden.full_score(target.picture), hidden.players
    exact = 2**players <= settings.samples
    shown = all_coalitions(players)[::-1] if exact else tossed(players, settings)
    weights = nearness(shown, settings.kernel_width)

    def found(scores: Double) -> AttributionMap:
        known = len(scores)
        intercept, values, errors = local_model(shown[:known], weights[:known], scores)
        error = 0.0 if exact else None if errors is None else spread_error(errors, hidden.labels)
        spread = spread_evenly(values, hidden.labels)
        return attribution_map(probe, target, LIME, spread, score, constant=intercept, standard_error=error)

    known, told = np.zeros(0), 1
    for scores in hidden.scores(shown):
        known = np.concatenate([known, scores])
        share = len(known) / len(shown)
        showing = share < 1 and len(known) > players + 1 and share * PREVIEWS >= told
        told += showing
        progress(share, found(known) if showing else None)
    return found(known)


def tossed(players: int, settings: CoalitionSettings) -> NDArray[np.bool_]:
    """Coalitions ``(samples, n)``: the full one, then those of coins."""
    shown = np.random.default_rng(settings.seed).random((settings.samples, players)) < 0.5
    shown[0] = True
    return shown


def nearness(shown: NDArray[np.bool_], width: float) -> Double:
    """The weight of each coalition ``(m,)``: a Gaussian of the cosine distance to the full one."""
    distances = 1 - np.sqrt(shown.mean(axis=1))
    weights: Double = np.exp(-(distances**2) / (2 * width**2))
    return weights


def local_model(
    shown: NDArray[np.bool_], weights: Double, scores: Double
) -> tuple[float, Double, Double | None]:
    """Intercept, coefficients ``(n,)`` and their standard errors, if they can be told.

    Args:
        shown: ``(m, n)``, coalitions.
        weights: ``(m,)``.
        scores: ``(m,)``.
    """
    centre, mean = np.average(shown, axis=0, weights=weights), float(np.average(scores, weights=weights))
    roots = np.sqrt(weights)
    design, rest = (shown - centre) * roots[:, None], (scores - mean) * roots
    values, errors = least_squares(design, rest, shown.shape[1] + 1)
    return mean - float(centre @ values), values, errors


LIME = Analysis(
    key="lime",
    title="LIME",
    group=PERTURBATION,
    summary="What each patch of the photo adds to the score, by a linear model of pictures like this one.",
    reference="Ribeiro et al. 2016",
    result=AttributionMap,
    compute=lime,
    check=completeness("the intercept of the linear model"),
    settings=LimeSettings,
    fast=True,
    signed=True,
)
