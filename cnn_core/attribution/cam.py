"""CAM: the maps of the last layer with the weights of the classifier behind their means."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, Check, NoSettings, Target
from cnn_core.attribution.attribution_map import (
    CLASS_ACTIVATION,
    attribution_map,
    empty_layer_score,
    no_map_reason,
)
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import ROUNDING, AttributionMap


def cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``sum_k w_k A_k`` with the weights ``w_k`` by which the classifier sums up the means of the maps.

    Only for a head that takes the mean of each map and weighs the means, whose score is then the mean of the
    map plus the bias.

    Args:
        probe: the model.
        target: picture, class and the layer whose maps are averaged.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(h, w)``, signed, in logits: what the score would be, but for the bias, if all the picture were like
        this place.

    Raises:
        InvalidRequestError: no such layer or class, or a layer whose means are not simply weighed.

    Reference:
        Zhou et al. (2016).
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    gradients = answer.gradients[0].astype(np.float64)  # the same at every place behind a mean
    weights = gradients.mean(axis=(0, 1)) * gradients[..., 0].size
    maps = answer.activations[0]
    constant, score = empty_layer_score(probe, target, maps.shape[:2]), answer.scores[0, target.label]
    values = (maps @ weights).astype(np.float32)  # (h, w)
    size = float(np.abs(values).mean()) + abs(constant or 0.0)
    even = np.ptp(gradients, axis=(0, 1)).max(initial=0) <= ROUNDING * np.abs(gradients).max(initial=0)
    if constant is None or not even or abs(float(values.mean()) + constant - score) > ROUNDING * size:
        raise InvalidRequestError(
            "Expected the layer whose maps are averaged and weighed by the classifier. Received: "
            f"{target.layer!r}. Choose the last layer with a map, or Grad-CAM."
        )
    return attribution_map(probe, target, CAM, values, score)


def mean_head_only(outline: Outline, head: int) -> str | None:
    """Why a network has no CAM: something else than one weighing of means behind its last map."""
    reason = no_map_reason(outline, head)
    if reason is not None:
        return reason
    if outline.weighs_means[head]:
        return None
    return (
        "CAM is for networks that take the mean of each map and weigh the means once. This one does more "
        "behind its last map: choose Grad-CAM, or HiRes-CAM under a Flatten layer."
    )


def mean_and_bias(attribution: AttributionMap) -> Check:
    """The mean of the map against the score: what is left is the classifier's bias."""
    mean = float(attribution.values.mean())
    return Check(
        sentence=f"The mean of the map is {mean:.4g}; with the bias of the classifier, "
        f"{attribution.score - mean:.4g}, it is the score, {attribution.score:.4g}."
    )


CAM = Analysis(
    key="cam",
    title="CAM",
    group=CLASS_ACTIVATION,
    summary="What the score would be if all the picture were like each place, for heads that take means.",
    reference="Zhou et al. 2016",
    result=AttributionMap,
    compute=cam,
    check=mean_and_bias,
    needs_layer="map",
    signed=True,
    inapplicable=mean_head_only,
)
