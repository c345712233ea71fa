"""Eigen-CAM: the pattern that most of a layer's maps share."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import CLASS_ACTIVATION, Float, attribution_map, no_map_reason
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def eigen_cam(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``ReLU`` of the maps of a layer projected on their first principal component, not centred.

    Takes no notice of the class: it shows what stands out to the layer, and is the same for every answer.

    Args:
        probe: the model.
        target: picture and layer with a map; the class changes nothing but ``score``.
        settings: nothing to set.
        progress: not told: one pass there.

    Returns:
        ``(h, w)``, never negative, in units of the layer.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Muhammad and Yeasin (2020). The sign of a singular vector is arbitrary; here it is the one with which
        the map sums to more than zero.
    """
    maps = probe.activations(target.picture, [target.layer])[target.layer][0]  # (h, w, k)
    values = np.maximum(first_component(maps), 0)
    score = probe.scores(target.picture)[target.head][0, target.label]
    return attribution_map(probe, target, EIGEN_CAM, values, score)


def first_component(maps: Float) -> Float:
    """Maps ``(h, w, k)`` projected on the direction of their largest sum of squares: ``(h, w)``."""
    matrix = maps.reshape(-1, maps.shape[-1])  # (hw, k)
    wide = matrix.shape[1] > matrix.shape[0]
    squares = (matrix @ matrix.T if wide else matrix.T @ matrix).astype(np.float64)
    last = len(squares) - 1
    (value,), vectors = eigh(squares, subset_by_index=(last, last))
    projected = vectors[:, 0] * np.sqrt(max(value, 0)) if wide else matrix @ vectors[:, 0]
    sign = -1.0 if projected.sum() < 0 else 1.0
    return np.asarray((sign * projected).reshape(maps.shape[:2]), np.float32)


EIGEN_CAM = Analysis(
    key="eigen_cam",
    title="Eigen-CAM",
    group=CLASS_ACTIVATION,
    summary="The pattern that most maps of the layer share, whatever the class.",
    reference="Muhammad and Yeasin 2020",
    result=AttributionMap,
    compute=eigen_cam,
    check=incomparable("The class plays no part in this map: it is the same for every answer."),
    needs_layer="map",
    inapplicable=no_map_reason,
    strongest="stands out most",
)
