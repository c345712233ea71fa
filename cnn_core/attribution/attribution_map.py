"""What the attribution methods share: where a map lies on the picture, and what it is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap

Float = NDArray[np.float32]

GROUP = "Attribution"


def attribution_map(
    probe: Probe, target: Target, analysis: Analysis, values: Float, score: float
) -> AttributionMap:
    """Wrap the map of a layer or of the input: where it lies on the picture, and what it should add up to.

    Args:
        probe: the model.
        target: with picture and class, and the layer if the analysis needs one.
        analysis: the method.
        values: ``(h, w)`` of the layer, additive in logits, or ``(H, W)`` of the input.
        score: the logit of the class for the picture.
    """
    name = None if analysis.needs_layer is None else target.layer
    height, width = target.picture.shape[1:3]
    field = constants = None
    if name is not None:
        field = probe.layer(name).receptive_field
        constants = probe.zero_activation_score(name, values.shape, head=target.head)
    return AttributionMap(
        method=analysis.key,
        layer_name=name,
        head=target.head,
        class_index=target.label,
        values=values,
        signed=analysis.signed,
        score=float(score),
        extent=(0.0, 0.0, height, width)
        if field is None
        else field.extent((values.shape[0], values.shape[1])),
        constant=None if constants is None else float(constants[target.label]),
    )


def no_map_reason(outline: Outline, head: int) -> str | None:
    """Why no map can be taken from a layer, or None where one can."""
    if outline.default_cam_layer(head) is not None:
        return None
    return (
        "This network has no layer with a map that its answer depends on. Choose a method that works on the "
        "input, such as saliency."
    )


def additivity(attribution: AttributionMap) -> Check:
    """The cells of a map and the score of an empty layer against the logit that they should add up to."""
    constant, residual = attribution.constant, attribution.residual
    if constant is None or residual is None:
        return Check(
            sentence="The score does not rest on this layer alone: there is no sum to hold the map against."
        )
    total = float(attribution.values.sum())
    return Check(
        sentence=f"The map sums to {total:.4g} and the score of an empty layer is {constant:.4g}: together "
        f"{total + constant:.4g}, and the score is {attribution.score:.4g}.",
        figure=abs(residual),
        holds=attribution.adds_up,
    )


def blank_reason(attribution: AttributionMap, *, signed: bool) -> str | None:
    """Why a map shows nothing, in one sentence, or None if it shows something.

    Args:
        attribution: the map.
        signed: whether negative values are shown too.
    """
    values = attribution.values
    if not values.any():
        return (
            "The map is zero everywhere: this layer does not change the score of this class here. "
            "Choose another layer."
        )
    if attribution.signed and not signed and values.max() <= 0:
        return (
            "Every place speaks against this class, so the positive map is blank. "
            "Switch to signed evidence to see where."
        )
    if values.min() == values.max():
        return "The map has one value everywhere, so it cannot say where. Choose an earlier layer."
    return None
