"""What the attribution methods share: where a map lies on the picture, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Analysis, Check, Target
from cnn_core.images.fitted_map import Extent
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap

Float = NDArray[np.float32]
Size = tuple[int, int]

CLASS_ACTIVATION = "Class activation maps"
GRADIENTS = "Gradients at the pixels"
PERTURBATION = "Parts hidden"
RELEVANCE = "Relevance handed down"
COMPLETE = 0.01  # of the change of the score that a map of the pixels explains
FLOAT_ROUNDING = 1e-5
ALIKE = 0.9  # correlation from which on two maps look the same


def attribution_map(
    probe: Probe,
    target: Target,
    analysis: Analysis,
    values: Float,
    score: float,
    *,
    constant: float | None = None,
    standard_error: float | None = None,
    other_class_correlation: float | None = None,
) -> AttributionMap:
    """Wrap the map of a layer or of the input: where it lies on the picture, and what it should add up to.

    Args:
        probe: the model.
        target: with picture and class, and the layer if the analysis needs one.
        analysis: the method.
        values: ``(h, w)`` of the layer, or ``(H, W)`` of the input.
        score: the logit of the class for the picture.
        constant, standard_error, other_class_correlation: as in ``AttributionMap``.
    """
    name = None if analysis.needs_layer is None else target.layer
    return AttributionMap(
        method=analysis.key,
        layer_name=name,
        head=target.head,
        class_index=target.label,
        values=np.asarray(values, np.float32),
        signed=analysis.signed,
        score=float(score),
        extent=extent_of(probe, target, name, (values.shape[0], values.shape[1])),
        constant=None if constant is None else float(constant),
        standard_error=None if standard_error is None else float(standard_error),
        other_class_correlation=None if other_class_correlation is None else float(other_class_correlation),
    )


def extent_of(probe: Probe, target: Target, layer_name: str | None, map_size: Size) -> Extent:
    """The part of the picture that a map covers; all of it for the input, or where that is unknown."""
    field = None if layer_name is None else probe.layer(layer_name).receptive_field
    whole = (0.0, 0.0, float(target.picture.shape[1]), float(target.picture.shape[2]))
    return whole if field is None else field.extent(map_size)


def empty_layer_score(probe: Probe, target: Target, map_size: tuple[int, ...]) -> float | None:
    """The score when every unit of the layer is zero: under a linear head its bias.

    None where the score does not rest on the layer alone, as beside a skip connection.
    """
    zeros = np.zeros((1, *map_size, probe.layer(target.layer).output_shape[-1] or 0), np.float32)
    scores = probe.scores_behind(target.layer, zeros, head=target.head)
    return None if scores is None else float(scores[0, target.label])


def correlation(first: Float, second: Float) -> float:
    """Pearson's, of two maps of one size; 1 for two that are constant, 0 for one that is."""
    a, b = (each.astype(np.float64).ravel() - each.mean(dtype=np.float64) for each in (first, second))
    sizes = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(sizes) == 0:
        return float(max(sizes) == 0)
    return float(a @ b / (sizes[0] * sizes[1]))


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
    return _sum_with(
        attribution, "the score of an empty layer", "The score does not rest on this layer alone"
    )


def completeness(constant: str) -> Callable[[AttributionMap], Check]:
    """The check of a method of the pixels, whose values add to ``constant``, named in words."""
    return lambda attribution: _sum_with(attribution, constant, "This network has no such sum")


def complete(attribution: AttributionMap) -> bool:
    """Whether what a map misses is little beside the change of the score that it explains.

    Thousands of pixels for and against cancel in the sum, so the rounding of all of them together, by which
    the few cells of a layer are measured, would pass what is plainly wrong.
    """
    constant, residual = attribution.constant or 0.0, attribution.residual or 0.0
    explained, size = abs(attribution.score - constant), abs(attribution.score) + abs(constant)
    return abs(residual) <= max(COMPLETE * explained, FLOAT_ROUNDING * size)


def _sum_with(attribution: AttributionMap, named: str, otherwise: str) -> Check:
    constant, residual = attribution.constant, attribution.residual
    if constant is None or residual is None:
        return Check(sentence=f"{otherwise}: there is no sum to hold the map against.")
    total = float(attribution.values.sum())
    return Check(
        sentence=f"The map sums to {total:.4g} and {named} is {constant:.4g}: together "
        f"{total + constant:.4g}, and the score is {attribution.score:.4g}.",
        figure=abs(residual),
        holds=attribution.adds_up if attribution.layer_name is not None else complete(attribution),
    )


def sampling_error(attribution: AttributionMap) -> Check:
    """How far another draw of samples would move the map."""
    error = attribution.standard_error
    if error is None:
        return Check(sentence="Too few samples to tell how far another draw would move the map.")
    strongest = float(np.abs(attribution.values).max())
    share = f", {error / strongest:.0%} of the strongest" if strongest > 0 else ""
    return Check(sentence=f"Another draw of samples would move each value by about {error:.2g}{share}.")


def class_sensitivity(attribution: AttributionMap) -> Check:
    """Whether the map would look the same for another class, so that it cannot say why this one."""
    alike = attribution.other_class_correlation
    if alike is None:
        return Check(sentence="There is no other class that this map could be told apart from.")
    if alike >= ALIKE:
        return Check(
            sentence="The map for the class next in score looks the same (correlation "
            f"{alike:.2f}): it shows what the network sees, not why it answers so."
        )
    return Check(sentence=f"The map for the class next in score differs (correlation {alike:.2f}).")
