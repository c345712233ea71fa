"""The gradient with other rules at the ReLUs, as guided backpropagation and deconvnet have them."""

from __future__ import annotations

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import attribution_map, correlation
from cnn_core.attribution.pixel_gradients import strongest_channel
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap

GATED = frozenset({"relu", "relu6"})


def gated_map(probe: Probe, target: Target, analysis: Analysis, rule: str) -> AttributionMap:
    """The map ``(H, W)`` of what comes back to the pixels through gated ReLUs, beside that of another class.

    Args:
        probe: the model; its own gradients stay what they are.
        target: picture and class.
        analysis: whose map it is.
        rule: ``guided`` or ``deconvnet``.
    """
    gated = probe.gated(rule)
    own, rival, answers = gated.rival_gradients(target.picture, head=target.head, class_index=target.label)
    values, scores = strongest_channel(own[0]), answers[0]
    alike = correlation(values, strongest_channel(rival[0])) if len(scores) > 1 else None
    score = scores[target.label]
    return attribution_map(probe, target, analysis, values, score, other_class_correlation=alike)


def no_relu_reason(outline: Outline, head: int) -> str | None:
    """Why a network without ReLUs has no such map."""
    if any(info.activation in GATED for info in outline.layers):
        return None
    return "This network has no ReLU whose rule could be changed: its gradient is the same. Choose saliency."
