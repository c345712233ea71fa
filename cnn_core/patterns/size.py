"""How large a picture has to be to show what a unit looks for."""

from __future__ import annotations

import math

from cnn_core.probe import Probe

LARGEST_PX = 224  # for models that take any size
SMALLEST_PX = 48


def fitting_size(probe: Probe, layer_name: str) -> tuple[int, int]:
    """(height, width): what a unit sees and half as much again, at most what the model is shown."""
    info = probe.layer(layer_name)
    own = [LARGEST_PX if side is None else side for side in probe.input_shape[:2]]
    field = info.receptive_field
    if field is None or not info.spatial:
        return own[0], own[1]
    sides = []
    for axis in (0, 1):
        jump = max(1, round(field.jump_px[axis]))
        seen = field.size_px[axis]
        wanted = max(SMALLEST_PX, seen + seen // 2)
        sides.append(min(own[axis], math.ceil(wanted / jump) * jump))
    return sides[0], sides[1]
