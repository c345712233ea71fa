"""HiRes-CAM: what every single unit of a layer contributes to the score."""

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


def hires_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``sum_k dz/dA_k * A_k`` for the logit ``z`` of a class and the maps ``A_k`` of a layer.

    Multiplying before summing keeps the place of every gradient. Wherever the network behind the
    layer is linear, the cells add up to the score without its bias. With a ReLU behind the layer they
    do so only to first order, and the residual says by how much they miss.

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
        Draelos and Carin (2020).
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    values = np.einsum("hwk,hwk->hw", answer.gradients[0], answer.activations[0])
    return attribution_map(
        probe,
        target,
        HIRES_CAM,
        values,
        answer.scores[0, target.label],
        constant=empty_layer_score(probe, target, values.shape),
    )


HIRES_CAM = Analysis(
    key="hires_cam",
    title="HiRes-CAM",
    group=CLASS_ACTIVATION,
    summary="What every place of the layer adds to the score or takes from it; faithful for any linear head.",
    reference="Draelos and Carin 2020",
    version=1,
    result=AttributionMap,
    compute=hires_cam,
    check=additivity,
    needs_layer="map",
    signed=True,
    inapplicable=no_map_reason,
    unit="logits per cell",
)
