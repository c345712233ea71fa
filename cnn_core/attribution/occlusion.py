"""Occlusion: what the score loses when a patch of the picture is hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Target, incomparable
from cnn_core.attribution.attribution_map import PERTURBATION, Float, attribution_map
from cnn_core.attribution.masking import MaskedPicture, fill, fill_field, slices
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionSettings:
    """The patch and its steps, as shares of the picture's longer side, so that they fit any network."""

    patch: float = number(
        0.1, "Patch", "Side of the hidden square, as a share of the longer side.", 0.02, 0.5, 0.01
    )
    stride: float = number(
        0.035, "Step", "How far the square moves, as a share of the longer side.", 0.01, 0.5, 0.005
    )
    fill: str = fill_field("grey")


def occlusion(
    probe: Probe, target: Target, settings: OcclusionSettings, progress: Progress
) -> AttributionMap:
    """``z(x) - z(x with a patch hidden)``, for each pixel the mean over the patches that cover it.

    The patches reach all edges. A patch hides what it covers and shows a fill instead, which may be evidence
    of its own.

    Args:
        probe: the model.
        target: picture and class.
        settings: size and step of the patch, and what it is filled with.
        progress: told after each batch of patches, with the map so far.

    Returns:
        ``(H, W)``, signed, in logits per patch.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Zeiler and Fergus (2014), of the logit.
    """
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill))
    score, size = hidden.score, hidden.size
    side, step = (max(1, round(share * max(size))) for share in (settings.patch, settings.stride))
    corners = patch_corners(size, side, min(step, side))
    totals, counts = np.zeros(size, np.float64), np.zeros(size, np.float64)
    scores = _patch_scores(hidden, side)
    progress(0.0)
    for part in slices(len(corners), hidden.batch):
        losses = score - scores(np.array(corners[part]))
        for loss, (top, left) in zip(losses, corners[part], strict=True):
            totals[top : top + side, left : left + side] += loss
            counts[top : top + side, left : left + side] += 1
        found = attribution_map(probe, target, OCCLUSION, _means(totals, counts), score)
        progress(part.stop / len(corners), found)
    return found


def _patch_scores(hidden: MaskedPicture, side: int) -> Callable[[NDArray[np.intp]], Float]:
    """The logits ``(n,)`` of the class where a square is hidden, for up to a batch of upper left corners."""
    target = hidden.target
    height, width = (min(side, length) for length in hidden.size)
    around = hidden.probe.patch_scores(target.picture, head=target.head, side=(height, width))

    def by_masks(corners: NDArray[np.intp]) -> Float:
        masks = np.ones((len(corners), *hidden.size), np.float32)
        for mask, (top, left) in zip(masks, corners, strict=True):
            mask[top : top + side, left : left + side] = 0
        return hidden.scores(masks)

    if around is None:
        return by_masks
    scores = around

    def by_cone(corners: NDArray[np.intp]) -> Float:
        full = np.concatenate([corners, np.repeat(corners[-1:], hidden.batch - len(corners), axis=0)])
        patches = np.stack(
            [hidden.fill[0, top : top + height, left : left + width] for top, left in full]
        ).astype(np.float32)
        return scores(patches, full)[: len(corners), target.label]

    return by_cone


def patch_corners(size: tuple[int, int], side: int, step: int) -> list[tuple[int, int]]:
    """Upper left corners of patches that cover every pixel of a picture; the last ones end at its edges."""
    rows, columns = (
        sorted({*range(0, max(length - side, 0), step), max(length - side, 0)}) for length in size
    )
    return [(top, left) for top in rows for left in columns]


def _means(totals: NDArray[np.float64], counts: NDArray[np.float64]) -> Float:
    return np.asarray(totals / np.maximum(counts, 1), np.float32)


OCCLUSION = Analysis(
    key="occlusion",
    title="Occlusion",
    group=PERTURBATION,
    summary="What the score loses when a square of the photo is hidden, for every place of the square.",
    reference="Zeiler and Fergus 2014",
    result=AttributionMap,
    compute=occlusion,
    check=incomparable("Patches overlap and hide more than one thing, so their losses add up to nothing."),
    settings=OcclusionSettings,
    fast=True,
    signed=True,
)
