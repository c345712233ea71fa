"""HiRes-CAM: what every single unit of a layer contributes to the score."""

from __future__ import annotations

import numpy as np

from cnn_core.attribution.method import Method, NoParams, Question, layer_map, map_layer
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap


def hires_cam(probe: Probe, question: Question, params: NoParams) -> AttributionMap:
    """``sum_k dz/dA_k * A_k`` for the logit ``z`` of a class and the maps ``A_k`` of a layer.

    Multiplying before summing keeps the place of every gradient. Wherever the network behind the
    layer is linear, the cells add up to the score without its bias. With a ReLU behind the layer they
    do so only to first order, and the residual says by how much they miss.

    Args:
        probe: the model.
        question: picture, class and layer.
        params: nothing to set.

    Returns:
        ``(h, w)``, signed, in logits per cell. The paper's final ReLU is left to the picture.

    Raises:
        InvalidRequestError: no such layer or class, or a layer without a map.

    Reference:
        Draelos and Carin (2020).
    """
    name = map_layer(probe, question)
    answer = probe.layer_gradient(question.inputs, name, head=question.head, class_index=question.class_index)
    values = np.einsum("hwk,hwk->hw", answer.gradients[0], answer.activations[0])
    return layer_map(probe, question, METHOD.key, values, answer.scores[0])


METHOD = Method(
    key="hires_cam",
    title="HiRes-CAM",
    summary="What every place of the layer adds to the score or takes from it; faithful for any linear head.",
    reference="Draelos and Carin 2020",
    version=1,
    needs_layer=True,
    signed=True,
    params_type=NoParams,
    compute=hires_cam,
)
