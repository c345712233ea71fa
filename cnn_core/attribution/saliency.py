"""Saliency: how much the score would move with each pixel."""

from __future__ import annotations

import numpy as np

from cnn_core.attribution.method import Method, NoParams, Question
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap


def saliency(probe: Probe, question: Question, params: NoParams) -> AttributionMap:
    """``max_ch abs(dz/dx)`` for the logit ``z`` of a class and the model's input ``x``.

    Shows where the score is sensitive, not what speaks for the class: a pixel whose darkening would
    help counts like one whose brightening would.

    Args:
        probe: the model.
        question: picture and class.
        params: nothing to set.

    Returns:
        ``(H, W)``, never negative, in logits per unit of the model's input.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Simonyan, Vedaldi and Zisserman (2014).
    """
    answer = probe.input_gradient(question.inputs, head=question.head, class_index=question.class_index)
    height, width = question.inputs.shape[1:3]
    return AttributionMap(
        method=METHOD.key,
        layer_name=None,
        head=question.head,
        class_index=question.class_index,
        values=np.abs(answer.gradients[0]).max(axis=-1),
        signed=False,
        score=float(answer.scores[0, question.class_index]),
        extent=(0.0, 0.0, height, width),
    )


METHOD = Method(
    key="saliency",
    title="Saliency",
    summary="How strongly the score reacts to each pixel, whether for or against the class.",
    reference="Simonyan et al. 2014",
    version=1,
    needs_layer=False,
    signed=False,
    params_type=NoParams,
    compute=saliency,
)
