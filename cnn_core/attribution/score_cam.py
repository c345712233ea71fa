"""Score-CAM: each channel weighted by the score of the picture seen through its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.analysis import Analysis, Target, incomparable
from cnn_core.attribution.attribution_map import (
    CLASS_ACTIVATION,
    Float,
    attribution_map,
    extent_of,
    no_map_reason,
)
from cnn_core.attribution.masking import MaskedPicture, fill, fill_field, slices
from cnn_core.images.fitted_map import fit_to_image
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCamSettings:
    """How the picture is seen through a map."""

    fill: str = fill_field("black")


def score_cam(probe: Probe, target: Target, settings: ScoreCamSettings, progress: Progress) -> AttributionMap:
    """``sum_k (z(x seen through A_k) - z(nothing)) A_k``: no gradient, a look at the picture per channel.

    Each map, stretched from 0 to 1 and to the size of the picture, is a window: the more of the class is seen
    through it, the more it weighs. A map of one value is no window and weighs nothing.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: what stands where a window is closed.
        progress: told after each batch of channels, with the map of the channels seen so far.

    Returns:
        ``(h, w)``, signed, in logits times units of the layer. The paper's final ReLU is left to the picture.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Wang et al. (2020), the increase over the baseline as there, of the logit; without the softmax over
        the channels, which would turn evidence against the class into evidence for it.
    """
    maps = probe.activations(target.picture, [target.layer])[target.layer][0]  # (h, w, k)
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill))
    score, nothing = hidden.score, hidden.hidden_score
    weights = np.zeros(maps.shape[-1], np.float32)
    alive = np.flatnonzero(np.ptp(maps, axis=(0, 1)) > 0)
    progress(0.0)
    found = attribution_map(probe, target, SCORE_CAM, maps @ weights, score)
    for part in slices(len(alive), hidden.batch):
        windows = np.stack([_window(probe, target, maps[..., k]) for k in alive[part]])
        weights[alive[part]] = hidden.scores(windows) - nothing
        found = attribution_map(probe, target, SCORE_CAM, maps @ weights, score)
        progress(part.stop / len(alive), found)
    return found


def _window(probe: Probe, target: Target, values: Float) -> Float:
    """A map ``(h, w)`` from 0 to 1, as large as the picture."""
    height, width = target.picture.shape[1:3]
    low, high = values.min(), values.max()
    shares = (values - low) / (high - low)
    extent = extent_of(probe, target, target.layer, (values.shape[0], values.shape[1]))
    return fit_to_image(shares, extent, (height, width), (height, width))


SCORE_CAM = Analysis(
    key="score_cam",
    title="Score-CAM",
    group=CLASS_ACTIVATION,
    summary="The layer's maps, each weighted by how much of the class is seen through it.",
    reference="Wang et al. 2020",
    result=AttributionMap,
    compute=score_cam,
    check=incomparable("Windows overlap, so what is seen through them adds up to nothing."),
    settings=ScoreCamSettings,
    needs_layer="map",
    fast=True,
    signed=True,
    inapplicable=no_map_reason,
)
