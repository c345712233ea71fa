"""KernelSHAP: the fair share of each superpixel in what the picture changes of the score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

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

Pairs = tuple[NDArray[np.bool_], Double]


def kernel_shap(
    probe: Probe, target: Target, settings: CoalitionSettings, progress: Progress
) -> AttributionMap:
    """The Shapley values of the superpixels for the logit of a class, spread over their pixels.

    A value is what a superpixel adds to the score, averaged over all orders in which the superpixels could
    be uncovered. They are the solution of a regression of the score on what is shown, weighed by the Shapley
    kernel, under the condition that they add to ``z(x) - z(fill)``, which is eliminated exactly. Coalitions
    are drawn by that kernel, each with its complement. The fill is evidence too: a network may take a blur or
    a grey patch for something.

    Args:
        probe: the model.
        target: picture and class.
        settings: number of superpixels and samples, what hides, and the seed.
        progress: told after each batch, now and then with the map so far.

    Returns:
        ``(H, W)``, signed, in logits per pixel; the map adds to the score less that of the filled picture.
        Where all coalitions are few enough to be looked at, the values are exact but for rounding.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Lundberg and Lee (2017); pairs of a coalition and its complement as Covert and Lee (2021).
    """
    hidden = Coalitions(probe, target, settings)
    progress(0.0)
    score, empty = hidden.full_score(target.picture), hidden.full_score(hidden.filled)
    players = hidden.players
    exact = 2**players <= settings.samples
    shown, weights = all_pairs(players) if exact else drawn_pairs(players, settings)

    def found(halves: Double) -> AttributionMap:
        known = len(halves)
        values, errors = shapley_values(shown[:known], weights[:known], halves, score - empty)
        error = 0.0 if exact else None if errors is None else spread_error(errors, hidden.labels)
        spread = spread_evenly(values, hidden.labels)
        return attribution_map(
            probe, target, KERNEL_SHAP, spread, score, constant=empty, standard_error=error
        )

    halves = np.zeros(0)
    both = np.stack([shown, ~shown], axis=1).reshape(-1, players)
    told = 1
    for scores in hidden.scores(both):
        halves = np.concatenate([halves, (scores[::2] - scores[1::2]) / 2])
        share = len(halves) / len(shown)
        showing = share < 1 and len(halves) >= players and share * PREVIEWS >= told
        told += showing
        progress(share, found(halves) if showing else None)
    return found(halves)


def all_pairs(players: int) -> Pairs:
    """Every coalition with the first superpixel but the full one ``(m, n)``, and its weight ``(m,)``.

    Each stands for its complement too. The weight is the Shapley kernel.
    """
    shown = all_coalitions(players)[1:-1]
    shown = shown[shown[:, 0]]
    size = shown.sum(axis=1)
    return shown, (players - 1) / (comb(players, size) * size * (players - size))


def drawn_pairs(players: int, settings: CoalitionSettings) -> Pairs:
    """Coalitions ``(samples / 2, n)`` drawn by the Shapley kernel, all of one weight."""
    random = np.random.default_rng(settings.seed)
    sizes = np.arange(1, players)
    chances = 1 / (sizes * (players - sizes))
    drawn = random.choice(sizes, settings.samples // 2, p=chances / chances.sum())
    ranks = random.random((len(drawn), players)).argsort(axis=1).argsort(axis=1)
    return ranks < drawn[:, None], np.ones(len(drawn))


def shapley_values(
    shown: NDArray[np.bool_], weights: Double, halves: Double, total: float
) -> tuple[Double, Double | None]:
    """Shapley values ``(n,)`` that add to ``total`` exactly, and their standard errors if they can be told.

    With ``v = total / n + u`` the condition says that the ``u`` add to 0, and a coalition and its complement
    together say ``half the difference of their scores = total (s / n - 1 / 2) + (shown - s / n) u``.

    Args:
        shown: ``(m, n)``, a coalition of ``s`` superpixels of each pair.
        weights: ``(m,)``.
        halves: ``(m,)``, half of its score less that of its complement.
        total: what the values add to.
    """
    players = shown.shape[1]
    share = shown.mean(axis=1, keepdims=True)  # (m, 1)
    roots = np.sqrt(weights)
    rest = halves - total * (share[:, 0] - 0.5)
    parts, errors = least_squares((shown - share) * roots[:, None], rest * roots, players - 1)
    return total / players + parts - parts.mean(), errors


KERNEL_SHAP = Analysis(
    key="kernel_shap",
    title="KernelSHAP",
    group=PERTURBATION,
    summary="How the score is shared out fairly among patches of the photo, whichever others are hidden.",
    reference="Lundberg and Lee 2017",
    result=AttributionMap,
    compute=kernel_shap,
    check=completeness("the score of the filled picture"),
    settings=CoalitionSettings,
    fast=True,
    signed=True,
)
