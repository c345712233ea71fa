"""Gradient times input: each pixel with the share that its value has in a linear view of the score."""

from __future__ import annotations

import numpy as np

from cnn_core.analysis import Analysis, NoSettings, Target
from cnn_core.attribution.attribution_map import GRADIENTS, attribution_map, completeness
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def gradient_x_input(
    probe: Probe, target: Target, settings: NoSettings, progress: Progress
) -> AttributionMap:
    """``sum_ch x * dz/dx`` for the logit ``z`` of a class and the model's input ``x``.

    Where the network is linear, the pixels add up to the score without the score of an input of zeros. What
    is zero after preprocessing gets nothing, whatever it shows: black pixels, or grey ones, as it may be.

    Args:
        probe: the model.
        target: picture and class.
        settings: nothing to set.
        progress: not told: one pass there and back.

    Returns:
        ``(H, W)``, signed, in logits per pixel.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Shrikumar et al. (2016).
    """
    answer = probe.input_gradient(target.picture, head=target.head, class_index=target.label)
    values = np.einsum("hwc,hwc->hw", answer.gradients[0], target.picture[0])
    zero = probe.scores(np.zeros_like(target.picture))[target.head][0, target.label]
    score = answer.scores[0, target.label]
    return attribution_map(probe, target, GRADIENT_X_INPUT, values, score, constant=zero)


GRADIENT_X_INPUT = Analysis(
    key="gradient_x_input",
    title="Gradient x input",
    group=GRADIENTS,
    summary="What each pixel adds to the score, if the network were linear around this photo.",
    reference="Shrikumar et al. 2016",
    result=AttributionMap,
    compute=gradient_x_input,
    check=completeness("the score of an input of zeros"),
    signed=True,
    unit="logits per pixel",
)
