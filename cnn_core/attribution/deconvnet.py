"""Deconvnet: the gradient, with a ReLU on the way back in place of each ReLU's own derivative."""

from __future__ import annotations

from cnn_core.analysis import Analysis, NoSettings, Target
from cnn_core.attribution.attribution_map import GRADIENTS, class_sensitivity
from cnn_core.attribution.gated_backpropagation import gated_map, no_relu_reason
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap


def deconvnet(probe: Probe, target: Target, settings: NoSettings, progress: Progress) -> AttributionMap:
    """The gradient at the pixels where every ReLU hands back all that is positive, active or not.

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
        Zeiler and Fergus (2014).
    """
    return gated_map(probe, target, DECONVNET, "deconvnet")


DECONVNET = Analysis(
    key="deconvnet",
    title="Deconvnet",
    group=GRADIENTS,
    summary="What the network sees, handed back through every ReLU as if it were one on the way back too.",
    reference="Zeiler and Fergus 2014",
    result=AttributionMap,
    compute=deconvnet,
    check=class_sensitivity,
    inapplicable=no_relu_reason,
)
