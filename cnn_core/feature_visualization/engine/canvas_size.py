"""How large a picture has to be to show what a unit looks for, and how far it may move."""

from __future__ import annotations

import math

from cnn_core.probe.probe import Probe

LARGEST_PX = 224  # for models that take any size
SMALLEST_PX = 64
MARGIN = 1.5  # canvas over receptive field
LEAST_PLAY = 0.08  # of the canvas: about the jitter usual in the literature


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
        wanted = max(SMALLEST_PX, MARGIN * seen)
        sides.append(min(own[axis], math.ceil(wanted / jump) * jump))
    return sides[0], sides[1]


def play_px(probe: Probe, layer_name: str, size: tuple[int, int]) -> tuple[int, int]:
    """How far, down and across, pictures of ``size`` may be moved at random before each step.

    Anywhere on a canvas much larger than what a unit sees: then all places are alike but for the
    frame that padding makes, which nobody wants to see drawn. Where the canvas is hardly larger,
    the units of a map see different parts of it, and much movement would blur what they look for.
    """
    field = probe.layer(layer_name).receptive_field
    play = []
    for axis in (0, 1):
        seen = size[axis] if field is None else field.size_px[axis]
        least = max(size[axis] - seen, LEAST_PLAY * size[axis])
        play.append(size[axis] if size[axis] >= MARGIN * seen else round(least))
    return play[0], play[1]
