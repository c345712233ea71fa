"""Guided backpropagation: the gradient, of which each ReLU lets back only what helps."""

from __future__ import annotations

from cnn_core.analysis import Analysis, NoSettings, Target
from cnn_core.attribution.attribution_map import GRADIENTS, class_sensitivity
from cnn_core.attribution.gated_backpropagation import gated_map, no_relu_reason
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def guided_backpropagation(
    probe: Probe, target: Target, settings: NoSettings, progress: Progress
) -> AttributionMap:
    """The gradient at the pixels where every ReLU hands back what is positive, if its unit was active.

    Draws sharp pictures, but hardly tells classes apart: it shows what the network sees, not why it answers.

    Args:
        probe: the model.
        target: picture and class.
        settings: nothing to set.
        progress: not told: one pass, and two back, the second for the class next in score.

    Returns:
        ``(H, W)``, the largest size over the colours, without a unit.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Springenberg et al. (2015).
    """
    return gated_map(probe, target, GUIDED_BACKPROPAGATION, "guided")


GUIDED_BACKPROPAGATION = Analysis(
    key="guided_backpropagation",
    title="Guided backpropagation",
    group=GRADIENTS,
    summary="Which pixels drive the units that speak for the class, drawn sharply.",
    reference="Springenberg et al. 2015",
    result=AttributionMap,
    compute=guided_backpropagation,
    check=class_sensitivity,
    inapplicable=no_relu_reason,
)
