"""Grad-CAM++: each channel weighted by the places where its growth would raise the score."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import CLASS_ACTIVATION, Float, attribution_map, no_map_reason
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def grad_cam_plus_plus(
    probe: Probe, target: Target, settings: NoSettings, progress: Progress
) -> AttributionMap:
    """``ReLU(sum_k w_k A_k)`` with ``w_k = sum_ij alpha_kij ReLU(g_kij)``, ``g = dz/dA``.

    ``alpha = g^2 / (2 g^2 + sum_ij(A_k) g^3)`` weighs small and large objects of a class alike. Only growth
    counts, so the map holds nothing of what speaks against the class, and its values are no amounts.

    Args:
        probe: the model.
        target: picture, class and layer with a map.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(h, w)``, never negative, without a unit.

    Raises:
        InvalidRequestError: no such layer or class.

    Reference:
        Chattopadhay et al. (2018), for the exponential of the logit, whose higher derivatives are powers of
        the logit's gradient; the common factor is left out. Where the denominator is zero, so is alpha.
    """
    answer = probe.layer_gradient(target.picture, target.layer, head=target.head, class_index=target.label)
    weights = growth_weights(answer.activations[0], answer.gradients[0])
    values = np.maximum(answer.activations[0] @ weights, 0)  # (h, w)
    return attribution_map(probe, target, GRAD_CAM_PLUS_PLUS, values, answer.scores[0, target.label])


def growth_weights(activations: Float, gradients: Float) -> Float:
    """The weight of each channel ``(k,)`` from maps and gradients ``(h, w, k)``."""
    g = gradients.astype(np.float64)
    largest = np.abs(g).max(initial=0)
    if largest == 0:
        return np.zeros(g.shape[-1], np.float32)
    g /= largest  # third powers of small gradients vanish; alpha is told the same by a scaled sum
    totals = activations.sum(axis=(0, 1), dtype=np.float64) * largest  # (k,)
    below = 2 * g**2 + totals * g**3
    # A sum of negative maps can bring the denominator to zero or below, where alpha has no meaning.
    alpha = np.divide(g**2, below, out=np.zeros_like(g), where=below > 1e-12)
    return np.asarray((alpha * np.maximum(g, 0)).sum(axis=(0, 1)) * largest, np.float32)


GRAD_CAM_PLUS_PLUS = Analysis(
    key="grad_cam_plus_plus",
    title="Grad-CAM++",
    group=CLASS_ACTIVATION,
    summary="Where growth of the layer's maps would raise the score, small and large objects weighted alike.",
    reference="Chattopadhay et al. 2018",
    result=AttributionMap,
    compute=grad_cam_plus_plus,
    check=incomparable("The weights of this method are no amounts, so its map adds up to nothing."),
    needs_layer="map",
    inapplicable=no_map_reason,
    strongest="speaks for the class most",
)
