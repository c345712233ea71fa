"""Saliency: how much the score would move with each pixel."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target, incomparable
from cnn_core.attribution.attribution_map import GRADIENTS, attribution_map
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def saliency(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """``max_ch abs(dz/dx)`` for the logit ``z`` of a class and the model's input ``x``.

    Shows where the score is sensitive, not what speaks for the class: a pixel whose darkening would
    help counts like one whose brightening would.

    Args:
        probe: the model.
        target: picture and class.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(H, W)``, never negative, in logits per unit of the model's input.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Simonyan, Vedaldi and Zisserman (2014).
    """
    answer = probe.input_gradient(target.picture, head=target.head, class_index=target.label)
    values = np.abs(answer.gradients[0]).max(axis=-1)  # (H, W)
    return attribution_map(probe, target, SALIENCY, values, answer.scores[0, target.label])


SALIENCY = Analysis(
    key="saliency",
    title="Saliency",
    group=GRADIENTS,
    summary="How strongly the score reacts to each pixel, whether for or against the class.",
    reference="Simonyan et al. 2014",
    version=1,
    result=AttributionMap,
    compute=saliency,
    check=incomparable(
        "A sensitivity is no share of the score: its pixels add up to nothing that it could be held against."
    ),
    unit="logits per unit of input",
)
