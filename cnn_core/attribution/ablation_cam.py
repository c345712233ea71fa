"""Ablation-CAM: each channel weighted by what the score loses without it."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import (
    CLASS_ACTIVATION,
    Float,
    attribution_map,
    no_map_reason,
)
from cnn_core.attribution.masking import padded, slices
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap

LARGEST_BATCH_BYTES = 32 * 2**20
MOST_AT_ONCE = 64


def ablation_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``sum_k (z - z without A_k) A_k``: no gradient, the layer is asked once without each channel.

    Args:
        probe: the model.
        target: picture, class and a layer with a map that all of the answer passes through.
        settings: nothing to set.
        progress: told after each batch of channels.

    Returns:
        ``(h, w)``, signed, in logits times units of the layer. The paper's final ReLU is left to the picture.

    Raises:
        InvalidRequestError: no such layer or class, or a layer that part of the answer goes round.

    Reference:
        Desai and Ramaswamy (2020), but for the division of all losses by the score, a common factor that
        blows up near zero and turns the map over below it.
    """
    maps = probe.activations(target.picture, [target.layer])[target.layer]  # (1, h, w, k)
    score = float(probe.scores(target.picture)[target.head][0, target.label])
    losses = np.zeros(maps.shape[-1], np.float64)
    size = int(np.clip(LARGEST_BATCH_BYTES // maps.nbytes, 1, min(MOST_AT_ONCE, maps.shape[-1])))
    progress(0.0)
    for part in slices(maps.shape[-1], size):
        without = np.repeat(maps, part.stop - part.start, axis=0)
        without[np.arange(len(without)), :, :, np.arange(part.start, part.stop)] = 0
        losses[part] = score - _scores_behind(probe, target, padded(without, size))[: len(without)]
        progress(part.stop / maps.shape[-1])
    values = (maps[0] @ losses).astype(np.float32)  # (h, w)
    return attribution_map(probe, target, ABLATION_CAM, values, score)


def _scores_behind(probe: Probe, target: Target, maps: Float) -> Float:
    scores = probe.scores_behind(target.layer, maps, head=target.head)
    if scores is None:
        raise InvalidRequestError(
            f"Expected a layer that all of the answer passes through. Received: {target.layer!r}, which part "
            "of it goes round. Choose a sum of branches, or the last layer with a map."
        )
    return scores[:, target.label]


ABLATION_CAM = Analysis(
    key="ablation_cam",
    title="Ablation-CAM",
    group=CLASS_ACTIVATION,
    summary="The layer's maps, each weighted by what the score loses without it.",
    reference="Desai and Ramaswamy 2020",
    result=AttributionMap,
    compute=ablation_cam,
    check=incomparable("Channels stand in for each other, so what each one costs adds up to nothing."),
    needs_layer="map",
    signed=True,
    inapplicable=no_map_reason,
)
