"""Layer-CAM: every unit of a layer weighted by its own gradient, where that is positive."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import CLASS_ACTIVATION, attribution_map, no_map_reason
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def layer_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``ReLU(sum_k ReLU(dz/dA_k) * A_k)`` for the logit ``z`` of a class and the maps ``A_k`` of a layer.

    Weights of their own for every place keep the map sharp at early layers too. What speaks against the
    class is left out before the sum, so the values are no shares of the score.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(h, w)``, never negative, in logits per cell.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Jiang et al. (2021).
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    weights = np.maximum(answer.gradients[0], 0)
    values = np.maximum(np.einsum("hwk,hwk->hw", weights, answer.activations[0]), 0)
    return attribution_map(probe, target, LAYER_CAM, values, answer.scores[0, target.label])


LAYER_CAM = Analysis(
    key="layer_cam",
    title="Layer-CAM",
    group=CLASS_ACTIVATION,
    summary="What each place of the layer adds to the score, sharp at early layers as well.",
    reference="Jiang et al. 2021",
    result=AttributionMap,
    compute=layer_cam,
    check=incomparable("Only what speaks for the class is kept, so the map adds up to more than the score."),
    needs_layer="map",
    inapplicable=no_map_reason,
    unit="logits per cell",
    strongest="speaks for the class most",
)
