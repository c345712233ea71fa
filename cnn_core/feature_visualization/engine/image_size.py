"""How large an image has to be to show what a unit looks for, and how far it may be shifted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnn_core.errors import InvalidRequestError
from cnn_core.probe.flat_graph import FlatGraph, Node, flat_graph
from cnn_core.probe.probe import Probe
from cnn_core.probe.units import unit_tensor

Size = tuple[int, int]

LARGEST_PX = 224  # for models that take any size
SMALLEST_PX = 64
MARGIN = 1.5  # image over receptive field
LEAST_JITTER = 0.08  # of the image: about as usual in the literature


def fitting_size(probe: Probe, layer_name: str) -> Size:
    """(height, width): what a unit sees and half as much again, at most what the model is shown."""
    info = probe.layer(layer_name)
    own = [LARGEST_PX if side is None else side for side in probe.input_shape[:2]]
    field = info.receptive_field
    if field is None or field.whole or not info.spatial:
        return own[0], own[1]
    sides = []
    for axis in (0, 1):
        jump = max(1, round(field.jump_px[axis]))
        seen = field.size_px[axis]
        wanted = max(SMALLEST_PX, MARGIN * seen)
        sides.append(min(own[axis], math.ceil(wanted / jump) * jump))
    return sides[0], sides[1]


def usable_size(probe: Probe, layer_name: str, size_px: Size) -> Size:
    """(height, width): that size, or the model's own where the layer cannot be computed for it.

    Raises:
        InvalidRequestError: neither suits, or no such layer.
    """
    try:
        sized_graph(probe, [layer_name], size_px)
    except InvalidRequestError:
        height, width, _ = probe.input_shape
        if height is None or width is None:
            raise
        return height, width
    return size_px


def jitter_range_px(probe: Probe, layer_name: str, size_px: Size) -> Size:
    """How far, down and across, images of (height, width) ``size_px`` may be shifted before each step.

    Anywhere in an image much larger than what a unit sees: then all positions are alike but for the
    frame that padding makes, which nobody wants to see drawn. Where the image is hardly larger,
    the units of a map see different parts of it, and wide jitter would blur what they look for.
    """
    field = probe.layer(layer_name).receptive_field
    ranges = []
    for axis in (0, 1):
        seen = size_px[axis] if field is None or field.whole else field.size_px[axis]
        least = max(size_px[axis] - seen, LEAST_JITTER * size_px[axis])
        ranges.append(size_px[axis] if size_px[axis] >= MARGIN * seen else round(least))
    return ranges[0], ranges[1]


def sized_graph(probe: Probe, last_layers: Sequence[str | None], size_px: Size) -> FlatGraph:
    """The network for images of another size, up to the last of some layers; None stands for its end.

    Raises:
        InvalidRequestError: no such layer, or one that cannot be computed for images of that size.
    """
    order = [info.name for info in probe.layers]
    names = [probe.layer(name).name for name in last_layers if name is not None]
    last = None if None in last_layers else max(names, key=order.index)
    try:
        graph = flat_graph(probe.model, input_size=size_px, until=last)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise _unsuitable(last, size_px, "the model's own size") from error
    empty = any(side is not None and side < 1 for side in unit_tensor(graph.nodes[-1]).shape[1:])
    if empty or any(_mirrors_too_far(node) for node in graph.nodes):
        raise _unsuitable(last, size_px, "a larger size")
    return graph


def _unsuitable(layer_name: str | None, size_px: Size, instead: str) -> InvalidRequestError:
    what = "the network" if layer_name is None else repr(layer_name)
    return InvalidRequestError(
        f"Expected an image size that {what} can be computed for. "
        f"Received: {size_px[0]} x {size_px[1]}. Choose {instead}."
    )


def _mirrors_too_far(node: Node) -> bool:
    """Whether a node mirrors more cells than there are, which fails only when it is computed."""
    reach = {"reflect": 1, "symmetric": 0}.get(str(getattr(node.operation, "mode", "")))
    if node.family != "pad" or reach is None:
        return False
    sides = node.inputs[0].shape[1:3]
    return any(
        side is not None and side < max(pads) + reach
        for side, pads in zip(sides, node.operation.pad_width[1:3], strict=True)
    )
