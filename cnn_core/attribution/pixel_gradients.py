"""Gradients of a score at the pixels of many pictures, and how they become a map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
from cnn_core.attribution.masking import at_once, padded
from cnn_core.framework import backend
from cnn_core.probe.heads import check_class
from cnn_core.probe.probe import Probe
from cnn_core.processor import FULL_PRECISION

Float = NDArray[np.float32]


def gradients_at_once(probe: Probe, target: Target) -> int:
    """How many pictures of the size of the target's are differentiated together."""
    height, width = target.picture.shape[1:3]
    return at_once(probe.outline, (height, width), gradients=True)


def gradients(
    probe: Probe, target: Target, pictures: Float, size: int, precision: str = FULL_PRECISION
) -> Float:
    """The gradients ``(n, H, W, c)`` at pictures of the target's size, for its class.

    Args:
        probe: the model.
        target: head and class.
        pictures: ``(n, H, W, c)``, ``n`` at most ``size``.
        size: of the batch that is compiled, which pictures are filled up to.
        precision: ``quick_precision`` for means over noise, whose own spread is larger than the rounding.
    """
    check_class(probe.heads, target.head, target.label)
    compiled = probe.once(
        ("gradients", target.head, precision, (size, *pictures.shape[1:])),
        lambda: backend.InputGradient(probe.score_model(target.head, precision)),
    )
    found: Float = compiled(padded(pictures, size), target.label)
    return found[: len(pictures)]


def strongest_channel(gradient: NDArray[Any]) -> Float:
    """The largest size over the colour channels of ``(H, W, c)``: ``(H, W)``."""
    return np.asarray(np.abs(gradient).max(axis=-1), np.float32)
