"""KernelSHAP: the score shared out among the parts of a picture as Shapley would share a gain."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import PERTURBATION, attribution_map, completeness
from cnn_core.attribution.superpixels import SuperpixelSettings, least_squares, picture_in_parts
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap

Coalitions = NDArray[np.bool_]


def kernel_shap(
    probe: Probe, target: Target, settings: SuperpixelSettings, progress: Progress
) -> AttributionMap:
    """The Shapley value of each superpixel, estimated from the scores with some of them hidden.

    What a part adds on average, whichever of the others are shown. All parts add up to the change of the
    score from the filled picture, exactly; what is estimated is how it is shared.

    Args:
        probe: the model.
        target: picture and class.
        settings: parts, samples, what hides a part, and the seed.
        progress: told after each batch of samples.

    Returns:
        ``(H, W)``, signed, in logits per pixel: the value of each part shared evenly by its pixels.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Lundberg and Lee (2017); coalitions in pairs with their complements, as Covert and Lee (2021).
    """
    parts = picture_in_parts(probe, target, settings)
    score, nothing = parts.hidden.score, parts.hidden.hidden_score
    progress(0.0)
    chosen, weights = coalitions(parts.count, settings.samples, settings.seed)
    scores = [np.zeros(0, np.float32), *parts.scores(chosen, progress)]
    gains = np.concatenate(scores).astype(np.float64) - nothing
    values, errors = shapley_values(chosen, gains, weights, score - nothing)
    if all_fit(parts.count, settings.samples):
        errors = np.zeros(parts.count)
    progress(1.0)
    return attribution_map(
        probe,
        target,
        KERNEL_SHAP,
        parts.spread(values),
        score,
        constant=nothing,
        standard_error=None if errors is None else float(np.sqrt(np.mean(parts.spread(errors) ** 2))),
    )


def coalitions(parts: int, samples: int, seed: int) -> tuple[Coalitions, NDArray[np.float64]]:
    """Which parts are shown ``(n, parts)``, and the weight of each coalition ``(n,)``.

    All of them with the weights of Shapley's kernel where they are no more than ``samples``; else as many,
    drawn by that kernel. The second half are the complements of the first, in the same order. Never none nor
    all of the parts.
    """
    if parts < 2:
        return np.zeros((0, parts), bool), np.zeros(0)
    sizes = np.arange(1, parts)
    kernel = (parts - 1) / (sizes * (parts - sizes))  # of all coalitions of a size together
    if all_fit(parts, samples):
        every = np.array(list(itertools.product((False, True), repeat=parts)))[1:-1]
        half = every[: len(every) // 2]
        weights = (kernel / comb(parts, sizes))[half.sum(axis=1) - 1]
    else:
        random = np.random.default_rng(seed)
        drawn = random.choice(sizes, size=samples // 2, p=kernel / kernel.sum())
        ranks = random.random((len(drawn), parts)).argsort(axis=1).argsort(axis=1)
        half = ranks < drawn[:, None]
        weights = np.ones(len(half))
    return np.concatenate([half, ~half]), np.tile(weights, 2)


def all_fit(parts: int, samples: int) -> bool:
    """Whether every coalition can be looked at, so that nothing is left to chance."""
    return bool(2**parts - 2 <= samples)


def shapley_values(
    shown: Coalitions, gains: NDArray[np.float64], weights: NDArray[np.float64], total: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Values ``(parts,)`` that sum to ``total``, by weighted least squares, and their standard errors.

    A coalition and its complement go in as one: half the difference of their gains, which is what fits the
    same values, and in which what two parts do together cancels. What it leaves over is what other draws
    would change; the gains by themselves leave over far more.

    Args:
        shown: ``(n, parts)``, the second half the complements of the first.
        gains: ``(n,)``, of each coalition over none.
        weights: ``(n,)``.
        total: the gain of all parts.

    Returns:
        None in place of the errors where there are too few coalitions to tell.
    """
    count = shown.shape[1]
    if count < 2:
        return np.array([total]), np.zeros(1)
    pairs = len(shown) // 2
    features, root = shown[:pairs].astype(np.float64), np.sqrt(weights[:pairs])
    paired = (gains[:pairs] - gains[pairs:] + total) / 2
    last = features[:, -1:]  # left out, since it follows from the sum
    rest, covariance = least_squares(
        root[:, None] * (features[:, :-1] - last), root * (paired - last[:, 0] * total)
    )
    values = np.append(rest, total - rest.sum())
    if pairs < count:
        return values, None
    variances = np.append(np.diag(covariance), covariance.sum())
    return values, np.sqrt(np.maximum(variances, 0))


KERNEL_SHAP = Analysis(
    key="kernel_shap",
    title="KernelSHAP",
    group=PERTURBATION,
    summary="The score shared out among the parts of the photo, by what each adds on average.",
    reference="Lundberg and Lee 2017",
    version=2,
    result=AttributionMap,
    compute=kernel_shap,
    check=completeness("the score of the filled picture"),
    settings=SuperpixelSettings,
    fast=True,
    signed=True,
    unit="logits per pixel",
)
