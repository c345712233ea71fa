"""Grad-CAM: the layer's maps, weighted by how much each matters to the score on average."""

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


def grad_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``sum_k mean_ij(dz/dA_k) A_k`` for the logit ``z`` of a class and the maps ``A_k`` of a layer.

    Averaging the gradient forgets where it comes from. That is harmless when the head takes the mean
    of each map; under a Flatten head the map can have the wrong sign, and HiRes-CAM is right.

    The paper's final ReLU is left to the picture: what comes back is signed, so that evidence
    against the class is not lost, and the map for one class of a sigmoid unit is exactly the
    negative of the other's.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(h, w)``, signed; in logits per cell when the head takes the mean.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Selvaraju et al. (2017). Differentiates the logit, as there, never the probability.
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    weights = answer.gradients[0].mean(axis=(0, 1), dtype=np.float64)  # (k,)
    values = (answer.activations[0] @ weights).astype(np.float32)  # (h, w)
    return attribution_map(
        probe,
        target,
        GRAD_CAM,
        values,
        answer.scores[0, target.label],
        constant=empty_layer_score(probe, target, values.shape),
    )


GRAD_CAM = Analysis(
    key="grad_cam",
    title="Grad-CAM",
    group=CLASS_ACTIVATION,
    summary="Where the layer's maps speak for the class, each weighted by its average effect on the score.",
    reference="Selvaraju et al. 2017",
    version=1,
    result=AttributionMap,
    compute=grad_cam,
    check=additivity,
    needs_layer="map",
    signed=True,
    inapplicable=no_map_reason,
    unit="logits per cell",
)
