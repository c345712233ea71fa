"""Edit and retest: what the network really answers when a region of the picture is changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Target, incomparable
from cnn_core.attribution.masking import fill
from cnn_core.images.decode import with_channels
from cnn_core.images.fitted_map import fit_to_image
from cnn_core.images.regions import Region, region_of_runs
from cnn_core.prediction import PREDICTION
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap, HeadAnswer, freeze
from cnn_core.settings import choice, number, numbers

Float = NDArray[np.float32]

FILLS = {"blurred": "blur", "grey": "grey", "black": "black"}
COLOUR = "colour"
PHOTO_CHANNELS = frozenset({1, 3, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSettings:
    """Which pixels are changed, and how."""

    region: tuple[int, ...] = numbers(
        "Region",
        "The pixels that are changed, row after row: the first one and the length of each run.",
        "0, 150, 300, 20",
        "the whole picture",
        0,
        2**31,
    )
    how: str = choice("black", "How", "What stands in place of the region.", (*FILLS, COLOUR))
    red: int = number(255, "Red", "Of the colour that the region is painted in.", 0, 255, 1)
    green: int = number(0, "Green", "Of the colour that the region is painted in.", 0, 255, 1)
    blue: int = number(255, "Blue", "Of the colour that the region is painted in.", 0, 255, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edited:
    """What an edit of the picture did to the answer.

    Attributes:
        class_index: the class that is asked about.
        scores: ``(2,)``, its logit before and after the edit.
        before, after: the whole answer of the output; asked against another class, all logits are less that
            class's.
        pixels: ``(H, W, c)``, uint8, the edited picture as the network gets it, before scaling.
    """

    class_index: int
    scores: Float
    before: HeadAnswer
    after: HeadAnswer
    pixels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "scores")
        freeze(self, 3, "pixels", dtype=np.uint8)

    @property
    def change(self) -> float:
        """Of the logit of the class."""
        return float(self.scores[1] - self.scores[0])


def edited(probe: Probe, target: Target, settings: EditSettings, progress: Progress) -> Edited:
    """The answer to the picture with a region blurred, blackened or painted, beside the answer before.

    A heat map says what a region is worth; this measures it. The fill is evidence too: a black patch may be
    something that the network knows. Change the same region in several ways before you believe one.

    Args:
        probe: the model.
        target: picture and class.
        settings: the region and what stands in its place.
        progress: not told: two passes through the network.

    Raises:
        InvalidRequestError: no such class, or a region that reaches out of the picture.

    Reference:
        Zeiler and Fergus (2014), who hid parts of pictures to test what a network sees.
    """
    picture = target.picture
    size = (picture.shape[1], picture.shape[2])
    region = region_of_runs(settings.region, size) if settings.region else np.ones(size, bool)
    changed = np.where(region[..., None], _painted(probe, picture, settings), picture).astype(np.float32)
    before, after = (_answer(probe, each, target.head) for each in (picture, changed))
    return Edited(
        class_index=target.label,
        scores=np.stack([before.scores[target.label], after.scores[target.label]]),
        before=before,
        after=after,
        pixels=probe.preprocessing.invert(changed[0]),
    )


def _answer(probe: Probe, picture: Float, head: int) -> HeadAnswer:
    about, scores = probe.heads[head], probe.scores(picture)[head]
    return HeadAnswer(
        head=about.name,
        kind=about.kind,
        class_names=about.class_names,
        scores=scores[0],
        probabilities=about.probabilities(scores)[0],
    )


def _painted(probe: Probe, picture: Float, settings: EditSettings) -> Float:
    """The whole picture blurred, or in one colour, as model input that fits ``(1, H, W, c)``."""
    if settings.how != COLOUR:
        return fill(probe, picture, FILLS[settings.how])
    colour = np.array([[[[settings.red, settings.green, settings.blue]]]], np.uint8)
    channels = picture.shape[-1]
    if channels in PHOTO_CHANNELS:
        return probe.preprocessing.apply(with_channels(colour, channels))
    mean = np.full((1, 1, 1, channels), round(float(colour.mean())), np.uint8)
    return probe.preprocessing.apply(mean)


def top_region(attribution: AttributionMap, size: tuple[int, int], share: float) -> Region:
    """The pixels ``(H, W)`` where a map is highest, as it is drawn over the picture.

    Args:
        attribution: the map.
        size: (height, width) of the picture.
        share: of the pixels, 0 to 1; of equal values the upper left ones come first.
    """
    drawn = fit_to_image(attribution.values, attribution.extent, size, size)
    chosen = np.argsort(-drawn.ravel(), kind="stable")[: round(share * drawn.size)]
    region = np.zeros(drawn.size, bool)
    region[chosen] = True
    return region.reshape(size)


def predicted_change(attribution: AttributionMap, region: Region) -> float | None:
    """By how much the logit should change where a region loses what the map gives it; None without amounts.

    Minus the sum of the values within the region. A cell of a layer counts by the share of its pixels that
    lie in the region. The map's amounts are against its own baseline, so another fill gives another change.

    Args:
        attribution: the map; only one that adds to a score tells amounts.
        region: ``(H, W)`` of the picture.
    """
    if attribution.constant is None:
        return None
    return -float(np.sum(attribution.values * cell_shares(attribution, region), dtype=np.float64))


def cell_shares(attribution: AttributionMap, region: Region) -> NDArray[np.float64]:
    """The share of each cell of a map that lies in a region ``(H, W)``, ``(h, w)``, 0 to 1.

    Pixels beyond the outermost cells belong to these.
    """
    top, left, bottom, right = attribution.extent
    height, width = attribution.values.shape
    rows = _pixels_of_cells(region.shape[0], top, bottom, height)  # (h, H)
    columns = _pixels_of_cells(region.shape[1], left, right, width)  # (w, W)
    shares: NDArray[np.float64] = rows @ region.astype(np.float64) @ columns.T
    return shares


def _pixels_of_cells(count: int, start: float, stop: float, cells: int) -> NDArray[np.float64]:
    """Which pixels of a line make up each cell, as weights ``(cells, count)`` that sum to 1 for each cell."""
    edges = start + (stop - start) * np.arange(cells + 1) / cells
    edges[0], edges[-1] = min(edges[0], 0), max(edges[-1], count)
    pixels = np.arange(count)
    overlaps = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    overlaps = np.clip(overlaps, 0, None)  # (cells, count)
    nearest = np.clip(np.floor((edges[1:] + edges[:-1]) / 2), 0, count - 1)[:, None] == pixels
    covered = overlaps.sum(axis=1, keepdims=True)
    return np.asarray(np.where(covered > 0, overlaps / np.where(covered > 0, covered, 1), nearest))


EDIT = Analysis(
    key="edit",
    title="Edit and retest",
    group=PREDICTION.group,
    summary="What the network really answers when a region of the photo is changed.",
    reference="Zeiler and Fergus 2014",
    result=Edited,
    compute=edited,
    check=incomparable("The change is measured, not estimated: there is nothing to hold it against."),
    settings=EditSettings,
    signed=True,
)
