"""What an attribution method is: a value with a pure function in it.

Adding one takes a file beside this one, a line in the tuple of ``__init__``, and a test. The page,
the command line and the contract tests read the rest from the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import InvalidRequestError
from cnn_core.probe.probe import Probe
from cnn_core.results import AttributionMap

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoParams:
    """For methods with nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Why does the model give this picture this score?

    Attributes:
        inputs: ``(1, H, W, c)``, float32, preprocessed.
        head: index of the output.
        class_index: index of the class in that output.
        layer_name: layer to ask, for methods that need one.
    """

    inputs: Float
    head: int
    class_index: int
    layer_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """An attribution method.

    Attributes:
        key: for addresses and cache keys.
        title: for people.
        summary: what the map means, in a sentence or two; shown on the page.
        reference: author and year.
        version: raised when the same question gets another answer.
        needs_layer: whether the map is taken from a layer, or else from the input.
        signed: whether negative values are evidence against the class.
        params_type: frozen dataclass with a default for every field.
        compute: ``(probe, question, params) -> AttributionMap``; pure.
    """

    key: str
    title: str
    summary: str
    reference: str
    version: int
    needs_layer: bool
    signed: bool
    params_type: type[Any]
    compute: Callable[[Probe, Question, Any], AttributionMap]


def map_layer(probe: Probe, question: Question) -> str:
    """The layer that a question names, checked to have a map.

    Raises:
        InvalidRequestError: no layer named, no such layer, or a layer without height and width.
    """
    if question.layer_name is None:
        raise InvalidRequestError(
            "Expected a layer for this method. Received: none. Choose a layer with a map."
        )
    info = probe.layer(question.layer_name)
    if len(info.output_shape) != 3:
        raise InvalidRequestError(
            f"Expected a layer with a map (height, width, channels). Received: {info.name!r} with shape "
            f"{info.output_shape}. Choose a layer before the head."
        )
    return info.name


def layer_map(probe: Probe, question: Question, method: str, values: Float, scores: Float) -> AttributionMap:
    """Wrap the signed map of a layer: where it lies on the picture and what the identity leaves over.

    Args:
        probe: the model.
        question: with a checked layer.
        method: key of the method.
        values: ``(h, w)``, additive in logits.
        scores: ``(classes,)``, logits of the picture.
    """
    name = map_layer(probe, question)
    score = float(scores[question.class_index])
    constant = probe.score_of_silence(name, values.shape, head=question.head)
    residual = (
        None if constant is None else score - (float(values.sum()) + float(constant[question.class_index]))
    )
    height, width = question.inputs.shape[1:3]
    field = probe.layer(name).receptive_field
    return AttributionMap(
        method=method,
        layer_name=name,
        head=question.head,
        class_index=question.class_index,
        values=values,
        signed=True,
        score=score,
        extent=(0.0, 0.0, height, width)
        if field is None
        else field.extent((values.shape[0], values.shape[1])),
        residual=residual,
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
