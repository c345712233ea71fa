"""Superpixels: a picture as a few dozen patches of like colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.images.preprocessing import Preprocessing

Float = NDArray[np.float32]
Labels = NDArray[np.int64]

SMALLEST_PX = 4  # pixels of a superpixel on average, so that each has a mean of its own
LAB_COMPACTNESS = 10.0  # nearness beside likeness (Achanta et al. 2012), where lightness ends at 100


def superpixels(picture: Float, preprocessing: Preprocessing, count: int) -> Labels:
    """Which superpixel each pixel belongs to, by SLIC: k-means over place and colour.

    Deterministic: the means start on a grid. A picture of one colour comes apart along that grid. Superpixels
    follow edges of colour, which need not be those of things.

    Args:
        picture: model input ``(1, H, W, c)``; three channels are compared as colours (CIELAB), any other
            number as values from black to white.
        preprocessing: that the model input went through.
        count: how many there should be; the grid makes it some more or fewer, and small pictures have fewer.

    Returns:
        ``(H, W)``, whole numbers from 0 without gaps.

    Reference:
        Achanta et al. (2012), as scikit-image has it.
    """
    from skimage.segmentation import slic  # takes a third of a second

    shown = _from_black_to_white(picture[0], preprocessing)
    colours = shown.shape[-1] == 3
    found: Any = slic(
        shown,
        n_segments=int(np.clip(count, 1, max(1, shown.shape[0] * shown.shape[1] // SMALLEST_PX))),
        compactness=LAB_COMPACTNESS if colours else LAB_COMPACTNESS / 100,
        convert2lab=colours,
        start_label=0,
        channel_axis=-1,
    )
    return np.unique(found, return_inverse=True)[1].reshape(shown.shape[:2]).astype(np.int64)


def mean_colours(picture: Float, labels: Labels) -> Float:
    """A picture ``(1, H, W, c)`` in which each superpixel has its own mean colour."""
    flat, places = picture[0].reshape(-1, picture.shape[-1]), labels.ravel()
    sums = np.stack([np.bincount(places, channel) for channel in flat.T], axis=-1)  # (n, c)
    means = sums / np.bincount(places)[:, None]
    return np.asarray(means[labels][None], np.float32)


def spread_evenly(values: NDArray[np.float64], labels: Labels) -> Float:
    """The value of each superpixel ``(n,)`` in equal parts over its pixels: a map ``(H, W)`` of equal sum."""
    return np.asarray((values / np.bincount(labels.ravel()))[labels], np.float32)


def spread_error(errors: NDArray[np.float64], labels: Labels) -> float:
    """The root mean square over all pixels, when each value ``(n,)`` is spread and has such an error."""
    return float(np.sqrt(np.sum(errors**2 / np.bincount(labels.ravel())) / labels.size))


def _from_black_to_white(pixels: Float, preprocessing: Preprocessing) -> Float:
    """Model input ``(H, W, c)`` as 0 to 1, in the order red, green, blue."""
    black, white = preprocessing.bounds()
    shown = np.clip((pixels - black) / (white - black), 0, 1).astype(np.float32)
    return shown[..., ::-1] if preprocessing.channel_order == "bgr" else shown
