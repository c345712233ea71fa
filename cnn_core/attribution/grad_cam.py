"""Grad-CAM: the layer's maps, weighted by how much each matters to the score on average."""

from __future__ import annotations

import numpy as np

from cnn_core.attribution.method import Method, NoParams, Question, layer_map, map_layer
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap


def grad_cam(probe: Probe, question: Question, params: NoParams) -> AttributionMap:
    """``sum_k mean_ij(dz/dA_k) A_k`` for the logit ``z`` of a class and the maps ``A_k`` of a layer.

    Averaging the gradient forgets where it comes from. That is harmless when the head takes the mean
    of each map; under a Flatten head the map can have the wrong sign, and HiRes-CAM is right.

    The paper's final ReLU is left to the picture: what comes back is signed, so that evidence
    against the class is not lost, and the map for one class of a sigmoid unit is exactly the
    negative of the other's.

    Args:
        probe: the model.
        question: picture, class and layer.
        params: nothing to set.

    Returns:
        ``(h, w)``, signed; in logits per cell when the head takes the mean.

    Raises:
        InvalidRequestError: no such layer or class, or a layer without a map.

    Reference:
        Selvaraju et al. (2017). Differentiates the logit, as there, never the probability.
    """
    name = map_layer(probe, question)
    answer = probe.layer_gradient(question.inputs, name, head=question.head, class_index=question.class_index)
    weights = answer.gradients[0].mean(axis=(0, 1), dtype=np.float64)  # (k,)
    values = (answer.activations[0] @ weights).astype(np.float32)  # (h, w)
    return layer_map(probe, question, METHOD.key, values, answer.scores[0])


METHOD = Method(
    key="grad_cam",
    title="Grad-CAM",
    summary="Where the layer's maps speak for the class, each weighted by its average effect on the score.",
    reference="Selvaraju et al. 2017",
    version=1,
    needs_layer=True,
    signed=True,
    params_type=NoParams,
    compute=grad_cam,
)
