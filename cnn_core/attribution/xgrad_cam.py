"""XGrad-CAM: each channel weighted by its gradient where the channel is active."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target
from cnn_core.attribution.attribution_map import (
    CLASS_ACTIVATION,
    additivity,
    attribution_map,
    empty_layer_score,
    no_map_reason,
)
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def xgrad_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``sum_k w_k A_k`` with ``w_k = sum_ij(g_k A_k) / sum_ij(A_k)``, ``g = dz/dA``.

    The weights are such that the map adds up to the same total as HiRes-CAM's, but each channel keeps one
    weight for all its places. A channel whose values sum to zero has no such weight and gets none.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(h, w)``, signed, in logits per cell. The paper's final ReLU is left to the picture.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Fu et al. (2020).
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    maps, gradients = (each[0].astype(np.float64) for each in (answer.activations, answer.gradients))
    sums, sizes = maps.sum(axis=(0, 1)), np.abs(maps).sum(axis=(0, 1))  # (k,)
    shares = (maps * gradients).sum(axis=(0, 1))
    weights = np.divide(shares, sums, out=np.zeros_like(sums), where=np.abs(sums) > 1e-6 * sizes)
    values = (maps @ weights).astype(np.float32)  # (h, w)
    return attribution_map(
        probe,
        target,
        XGRAD_CAM,
        values,
        answer.scores[0, target.label],
        constant=empty_layer_score(probe, target, values.shape),
    )


XGRAD_CAM = Analysis(
    key="xgrad_cam",
    title="XGrad-CAM",
    group=CLASS_ACTIVATION,
    summary="The layer's maps, each weighted by its effect on the score where it is active.",
    reference="Fu et al. 2020",
    result=AttributionMap,
    compute=xgrad_cam,
    check=additivity,
    needs_layer="map",
    signed=True,
    inapplicable=no_map_reason,
    unit="logits per cell",
)
