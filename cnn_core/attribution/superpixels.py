"""A picture cut into parts that look alike, and the scores of it with some of them hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
from cnn_core.attribution.masking import FILLS, MaskedPicture, fill, slices
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.settings import choice, number

Float = NDArray[np.float32]
Labels = NDArray[np.intp]

OWN_MEAN = "own mean"
# What looks alike against what lies together: first as SLIC's paper has it, then nearer to squares, for
# pictures of noise, whose parts would all be merged.
COMPACTNESS = (10.0, 100.0, 1000.0)
COMPACTNESS_OF_GREY = (0.1, 1.0, 10.0)  # where there is no colour space to measure in


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperpixelSettings:
    """The parts, how often some are hidden, and behind what."""

    superpixels: int = number(40, "Superpixels", "About how many parts the picture is cut into.", 2, 200, 1)
    samples: int = number(500, "Samples", "How often some of the parts are hidden.", 16, 8000, 1)
    fill: str = choice(
        OWN_MEAN,
        "Fill",
        "What stands in place of a hidden part: its own mean colour, or one fill for the whole picture.",
        (OWN_MEAN, *FILLS),
    )
    seed: int = number(0, "Seed", "Another seed hides other parts.", 0, 9999, 1)


def superpixels(pixels: Float, count: int) -> Labels:
    """Labels ``(H, W)`` from 0 without gaps of about ``count`` parts of a picture.

    Args:
        pixels: ``(H, W, c)`` from black, 0, to white, 1.
        count: how many parts are wanted; there may be fewer, and is one at least.

    Reference:
        Achanta et al. (2012), SLIC, through scikit-image.
    """
    from skimage.segmentation import slic  # takes long to import

    coloured = pixels.shape[-1] == 3
    wanted = min(count, pixels.shape[0] * pixels.shape[1])
    for compactness in COMPACTNESS if coloured else COMPACTNESS_OF_GREY:
        found = slic(
            np.clip(pixels, 0, 1).astype(np.float64),
            n_segments=wanted,
            compactness=compactness,
            convert2lab=coloured,
            start_label=0,
            channel_axis=-1,
        )
        labels: Labels = np.unique(found, return_inverse=True)[1].reshape(pixels.shape[:2])
        if labels.max() + 1 >= wanted / 2:
            break
    return labels


@dataclass(frozen=True, slots=True, eq=False)
class PictureInParts:
    """A picture whose parts can be hidden.

    Attributes:
        labels: ``(H, W)``, which part a pixel belongs to.
        hidden: the picture and what stands in place of hidden parts.
    """

    labels: Labels
    hidden: MaskedPicture

    @property
    def count(self) -> int:
        """How many parts there are."""
        return int(self.labels.max()) + 1

    def scores(self, coalitions: NDArray[np.bool_], progress: Progress) -> Iterator[Float]:
        """The logits of coalitions ``(n, parts)`` of shown parts, batch by batch."""
        for part in slices(len(coalitions), self.hidden.batch):
            yield self.hidden.scores(coalitions[part][:, self.labels].astype(np.float32))
            progress(part.stop / len(coalitions))

    def spread(self, values: NDArray[Any]) -> Float:
        """A value for each part, shared evenly by its pixels: ``(H, W)``, which sums to the same."""
        sizes = np.bincount(self.labels.ravel(), minlength=self.count)
        return np.asarray((values / sizes)[self.labels], np.float32)


def picture_in_parts(probe: Probe, target: Target, settings: SuperpixelSettings) -> PictureInParts:
    """Cut the picture of a target into superpixels."""
    picture = target.picture
    black, white = probe.preprocessing.bounds()
    span = np.where(white == black, 1, white - black)
    pixels = np.asarray((picture[0] - black) / span, np.float32)
    labels = superpixels(pixels, settings.superpixels)
    if settings.fill == OWN_MEAN:
        filled = _own_means(picture, labels)
    else:
        filled = fill(probe, picture, settings.fill, settings.seed)
    return PictureInParts(labels, MaskedPicture(probe, target, filled))


def _own_means(picture: Float, labels: Labels) -> Float:
    sizes = np.bincount(labels.ravel())
    means = [
        np.bincount(labels.ravel(), picture[0, ..., channel].ravel()) / sizes
        for channel in range(picture.shape[-1])
    ]
    return np.stack([mean[labels] for mean in means], axis=-1)[None].astype(np.float32)


def least_squares(
    features: NDArray[np.float64], values: NDArray[np.float64], penalty: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The solution ``(k,)`` of ``features @ solution = values``, and its covariance ``(k, k)``.

    Args:
        features: ``(n, k)``.
        values: ``(n,)``.
        penalty: added to the diagonal, as in ridge regression.
    """
    count = features.shape[1]
    normal = np.linalg.pinv(features.T @ features + penalty * np.eye(count), hermitian=True)
    solution = normal @ (features.T @ values)
    spare = max(len(values) - count, 1)
    spread = float(np.sum((values - features @ solution) ** 2)) / spare
    return solution, spread * normal
