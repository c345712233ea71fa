"""From what a person asks to what an analysis computes: layer, class and channels decided and checked."""

from __future__ import annotations

from collections.abc import Callable

from cnn_core.analysis import Analysis, LayerKind, Request, Target
from cnn_core.errors import InvalidRequestError
from cnn_core.probe.heads import check_class, check_head
from cnn_core.probe.layer_info import LayerInfo
from cnn_core.probe.outline import Outline


def resolved(analysis: Analysis, request: Request, outline: Outline, answer: Callable[[], int]) -> Target:
    """The target of a request, without the picture's pixels, which take time.

    Args:
        analysis: decides what is needed; what it does not need is left out.
        request: what a person asks.
        outline: of the model.
        answer: gives the index of the model's own answer.

    Raises:
        InvalidRequestError: no such layer, output, class or channel, no picture where one is needed,
            or an analysis that cannot be done for this model.
    """
    check_head(outline.heads, request.head)
    reason = analysis.inapplicable(outline, request.head)
    if reason is not None:
        raise InvalidRequestError(reason)
    if analysis.needs_image and request.image is None:
        raise InvalidRequestError(f"Expected a picture for {analysis.title}. Received: none. Choose one.")
    if request.against is not None:
        check_class(outline.heads, request.head, request.against)
    layer = _layer(analysis, request, outline)
    return Target(
        layer_name=None if layer is None else layer.name,
        head=request.head,
        class_index=_class(request, outline, answer) if analysis.needs_class else None,
        channels=None if layer is None or not analysis.takes_channels else _channels(request, layer),
    )


def fitting_layers(analysis: Analysis, outline: Outline) -> tuple[LayerInfo, ...]:
    """The layers that an analysis can be asked about, in the order of computation; none if it needs none."""
    kind = analysis.needs_layer
    if kind is None:
        return ()
    return tuple(info for info in outline.layers if _is_of_kind(info, kind) and not info.padding)


def _layer(analysis: Analysis, request: Request, outline: Outline) -> LayerInfo | None:
    if analysis.needs_layer is None:
        return None
    if request.layer_name is None:
        return _default_layer(analysis.needs_layer, request.head, outline)
    layer = outline.layer(request.layer_name)
    if not _is_of_kind(layer, analysis.needs_layer):
        raise InvalidRequestError(
            f"Expected {_KIND_NAMES[analysis.needs_layer]} for {analysis.title}. Received: {layer.name!r} "
            f"with shape {layer.output_shape}. Choose another layer."
        )
    return layer


_KIND_NAMES = {"any": "a layer", "map": "a layer with a map", "convolution": "a convolution"}


def _is_of_kind(layer: LayerInfo, kind: LayerKind) -> bool:
    if kind == "convolution":
        return layer.convolution
    return kind == "any" or len(layer.output_shape) == 3


def _default_layer(kind: LayerKind, head: int, outline: Outline) -> LayerInfo:
    """The last layer with a map that the output depends on, or the last convolution."""
    if kind == "convolution":
        name = next((layer.name for layer in reversed(outline.layers) if layer.convolution), None)
    else:
        name = outline.default_cam_layer(head)
    if name is None:
        raise InvalidRequestError(
            f"Expected a model with {_KIND_NAMES[kind if kind != 'any' else 'map']}. Received one with none. "
            "Choose another analysis, or name a layer."
        )
    return outline.layer(name)


def _class(request: Request, outline: Outline, answer: Callable[[], int]) -> int:
    if request.class_index is None:
        return answer()
    check_class(outline.heads, request.head, request.class_index)
    return request.class_index


def _channels(request: Request, layer: LayerInfo) -> tuple[int, ...] | None:
    if request.channels is None:
        return None
    count = layer.output_shape[-1] or 0
    wrong = [channel for channel in request.channels if not 0 <= channel < count]
    if wrong or len(request.channels) == 0:
        raise InvalidRequestError(
            f"Expected channels from 0 to {count - 1} of {layer.name!r}. Received: {wrong or 'none'}. "
            "Choose others."
        )
    return tuple(int(channel) for channel in request.channels)
