"""LRP: the score handed back layer by layer, each unit to its inputs by their share in it."""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.attribution_map import RELEVANCE, attribution_map, completeness
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.probe.relevance_steps import RULED
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap
from cnn_core.settings import number

PASSED = frozenset(
    "dropout spatialdropout2d alphadropout gaussiannoise gaussiandropout identity cast "
    "activityregularization activation relu relu6 leakyrelu prelu elu celu selu gelu silu swish mish "
    "sigmoid hardsigmoid hardsilu hardswish softplus softsign softmax logsigmoid tanh hardtanh".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LrpSettings:
    """How relevance is shared out."""

    epsilon: float = number(
        0.001,
        "Epsilon",
        "Keeps units near zero from tearing the map apart: a share of the mean size of a layer's units.",
        0.0,
        1.0,
        0.001,
    )
    gamma: float = number(
        0.25, "Gamma", "How much more what speaks for counts in the earlier convolutions.", 0.0, 2.0, 0.05
    )


def lrp(probe: Probe, target: Target, settings: LrpSettings, progress: Progress) -> AttributionMap:
    """The logit of a class handed back to the pixels, at every unit in proportion to what each input added.

    Layer-wise relevance propagation by the epsilon rule, and by the gamma rule in the earlier half of the
    convolutions. Batch normalisation is merged into the weights before it, the largest of a pooling takes
    all, and gates count as constants. What the biases added is nobody's and is told apart.

    Args:
        probe: the model.
        target: picture and class.
        settings: epsilon and gamma.
        progress: not told: two passes there and one back.

    Returns:
        ``(H, W)``, signed, in logits per pixel; with the share of the biases it makes the score, but for what
        epsilon takes.

    Raises:
        InvalidRequestError: no such class, or a step that has no rule.

    Reference:
        Bach et al. (2015); the rules as Montavon et al. (2019) compose them, without their rule for pixels.
    """
    relevance, biases, scores = probe.relevance(
        target.picture, target.head, target.label, epsilon=settings.epsilon, gamma=settings.gamma
    )
    values = relevance[0].sum(axis=-1)  # (H, W)
    score = scores[0, target.label]
    return attribution_map(probe, target, LRP, values, score, constant=float(biases))


def no_rule_reason(outline: Outline, head: int) -> str | None:
    """Which layer has no rule by which relevance could be handed back through it."""
    for info in outline.layers:
        kind = info.kind.lower()
        if kind not in RULED | PASSED and not kind.startswith("random"):
            return (
                f"There is no rule for handing relevance back through {info.name!r} ({info.kind}). Choose "
                "Integrated Gradients, which works on every network."
            )
    return None


LRP = Analysis(
    key="lrp",
    title="LRP",
    group=RELEVANCE,
    summary="The score handed back from layer to layer to the pixels, to each what it added.",
    reference="Bach et al. 2015",
    result=AttributionMap,
    compute=lrp,
    check=completeness("the share of the biases"),
    settings=LrpSettings,
    signed=True,
    inapplicable=no_rule_reason,
    unit="logits per pixel",
)
