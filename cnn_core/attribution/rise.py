"""RISE: how the score depends on whether a place is seen, over many random masks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import PERTURBATION, Float, attribution_map, sampling_error
from cnn_core.attribution.masking import MaskedPicture, fill, fill_field, slices
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseSettings:
    """The masks."""

    masks: int = number(1000, "Masks", "How many random masks are looked through.", 16, 8000, 1)
    cells: int = number(8, "Cells", "Cells of a mask each way; more show finer parts.", 2, 32, 1)
    shown: float = number(0.5, "Shown", "Share of the cells that are open.", 0.1, 0.9, 0.05)
    fill: str = fill_field("black")
    seed: int = number(0, "Seed", "Another seed draws other masks.", 0, 9999, 1)


def rise(probe: Probe, target: Target, settings: RiseSettings, progress: Progress) -> AttributionMap:
    """``E[z | pixel shown] - E[z]`` over random masks with soft edges, for the logit ``z`` of a class.

    Each pixel's mean is divided by how much of it was really shown, so that chance in the masks leaves no
    trace, and the mean over all masks is taken off: a network that answers the same to everything has a map
    of zeros. Asks nothing about the inside of the network.

    Args:
        probe: the model.
        target: picture and class.
        settings: number, cells and openness of the masks, what hides, and the seed.
        progress: told after each batch of masks, with the map so far.

    Returns:
        ``(H, W)``, signed, in logits.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Petsiuk, Das and Saenko (2018), with the random shift of the grid; of the logit.
    """
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill, settings.seed))
    score, size, random = hidden.score, hidden.size, np.random.default_rng(settings.seed)
    weighed, shown, squares = (np.zeros(size[0] * size[1], np.float64) for _ in range(3))
    scores = np.zeros(settings.masks, np.float32)
    progress(0.0)
    for part in slices(settings.masks, hidden.batch):
        masks = random_masks(random, part.stop - part.start, size, settings)
        scores[part] = hidden.scores(masks) - score  # small numbers keep their digits in the sums
        flat = masks.reshape(len(masks), -1)
        weighed += scores[part] @ flat
        shown += flat.sum(axis=0)
        squares += np.einsum("np,np->p", flat, flat)
        so_far = scores[: part.stop]
        values = (weighed / np.maximum(shown, 1e-9) - so_far.mean()).reshape(size)
        errors = so_far.std() * np.sqrt(squares) / np.maximum(shown, 1e-9)
        error = float(np.sqrt(np.mean(errors**2)))
        found = attribution_map(probe, target, RISE, values, score, standard_error=error)
        progress(part.stop / settings.masks, found)
    return found


def random_masks(
    random: np.random.Generator, count: int, size: tuple[int, int], settings: RiseSettings
) -> Float:
    """Masks ``(n, H, W)``, 0 hidden to 1 shown: a random grid made larger, and moved by part of a cell."""
    grids = (random.random((count, settings.cells + 1, settings.cells + 1)) < settings.shown).astype(
        np.float32
    )
    height, width = (-(-length // settings.cells) for length in size)  # of a cell, rounded up
    shifts = random.random((count, 2))
    masks = np.empty((count, *size), np.float32)
    large = ((settings.cells + 1) * width, (settings.cells + 1) * height)
    for mask, grid, shift in zip(masks, grids, shifts, strict=True):
        top, left = int(shift[0] * height), int(shift[1] * width)
        grown = cv2.resize(grid, large, interpolation=cv2.INTER_LINEAR)
        mask[:] = grown[top : top + size[0], left : left + size[1]]
    return masks


RISE = Analysis(
    key="rise",
    title="RISE",
    group=PERTURBATION,
    summary="How much better the score is when a place is seen, over many random masks.",
    reference="Petsiuk et al. 2018",
    result=AttributionMap,
    compute=rise,
    check=sampling_error,
    settings=RiseSettings,
    fast=True,
    signed=True,
)
