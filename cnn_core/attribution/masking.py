"""Pictures of which a part is hidden: what hides it, and the scores of many at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
from cnn_core.framework import backend
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.processor import FULL_PRECISION, fast_precision
from cnn_core.settings import choice

Float = NDArray[np.float32]

FILLS = ("blur", "black", "white", "grey", "mean", "noise")
BLUR_FRACTION = 0.1  # standard deviation, of the longer side
FORWARD_BYTES, GRADIENT_BYTES = (
    192 * 2**20,
    320 * 2**20,
)  # of the maps of a batch: what caches and memory bear
MOST_AT_ONCE = 32
DEPTHWISE_KINDS = frozenset({"DepthwiseConv2D", "SeparableConv2D"})


def fill_field(default: str, label: str = "Fill") -> Any:
    """The setting that says what stands where nothing of the picture is shown."""
    text = (
        "What stands where the picture is hidden: the picture blurred, one colour, its mean colour, or noise."
    )
    return choice(default, label, text, FILLS)


def fill(probe: Probe, picture: Float, name: str, seed: int = 0) -> Float:
    """What hides a picture, in pixels as people see them and so after preprocessing: ``(1, H, W, c)``.

    Args:
        probe: whose preprocessing says what is black.
        picture: model input ``(1, H, W, c)``.
        name: one of ``FILLS``.
        seed: of the noise, which is uniform.
    """
    if name == "blur":
        return blurred(picture)
    if name == "mean":
        return np.broadcast_to(picture.mean(axis=(1, 2), keepdims=True), picture.shape)
    black, white = probe.preprocessing.bounds()
    share: Any = {"black": 0.0, "white": 1.0, "grey": 0.5}.get(name)
    if share is None:
        share = np.random.default_rng(seed).random(picture.shape, np.float32)
    return np.broadcast_to(np.float32(black + share * (white - black)), picture.shape)


def blurred(picture: Float) -> Float:
    """A picture ``(1, H, W, c)`` of which only broad light and shadow are left."""
    sigma = BLUR_FRACTION * max(picture.shape[1:3])
    soft = [
        cv2.GaussianBlur(np.ascontiguousarray(picture[0, ..., channel]), (0, 0), sigma)
        for channel in range(picture.shape[-1])
    ]
    return np.stack(soft, axis=-1)[None].astype(np.float32)


def at_once(outline: Outline, size: tuple[int, int], *, gradients: bool = False) -> int:
    """How many pictures of a size go through the network in one batch, 1 to ``MOST_AT_ONCE``."""
    pixels = size[0] * size[1]
    floats = [
        np.prod([pixels if side is None else side for side in info.output_shape], dtype=np.float64)
        for info in outline.layers
    ]
    # A forward pass keeps the maps that are still needed, a gradient all of them.
    needed = 4 * (sum(floats) if gradients else 3 * max(floats, default=1.0))
    allowed = GRADIENT_BYTES if gradients else FORWARD_BYTES
    return int(np.clip(allowed // max(needed, 1.0), 1, MOST_AT_ONCE))


def quick_precision(outline: Outline) -> str:
    """The precision in which a network is fastest here, where rounding is a small part of what is measured.

    Processors that multiply in bfloat16 gain nothing from it in depthwise convolutions, which rather lose.
    """
    depthwise = any(info.kind in DEPTHWISE_KINDS for info in outline.layers)
    return FULL_PRECISION if depthwise else fast_precision()


def slices(count: int, size: int) -> Iterator[slice]:
    """``count`` things in batches of ``size``."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def even(count: int, most: int) -> int:
    """The size of batches of at most ``most`` that ``count`` things fill best."""
    return math.ceil(count / math.ceil(count / most))


def padded(batch: Float, size: int) -> Float:
    """A batch filled up to ``size`` with its last member, so that no other size is compiled."""
    missing = size - len(batch)
    return batch if missing == 0 else np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])


@dataclass(frozen=True, slots=True, eq=False)
class MaskedPicture:
    """A picture, part of which can be hidden, and the score of the class that is asked about.

    Attributes:
        probe: the model.
        target: with picture and class.
        fill: ``(1, H, W, c)``, what stands where it is hidden.
    """

    probe: Probe
    target: Target
    fill: Float

    @property
    def batch(self) -> int:
        """How many masks are looked at together."""
        return at_once(self.probe.outline, self.size)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self.target.picture.shape[1], self.target.picture.shape[2]

    @property
    def score(self) -> float:
        """The logit of the class for the whole picture, in full precision."""
        return float(self.probe.scores(self.target.picture)[self.target.head][0, self.target.label])

    @property
    def hidden_score(self) -> float:
        """The logit of the class where all of it is hidden, in full precision."""
        filled = np.ascontiguousarray(self.fill)
        return float(self.probe.scores(filled)[self.target.head][0, self.target.label])

    def scores(self, masks: Float) -> Float:
        """The logits ``(n,)`` of the class, as ``all_scores``."""
        return self.all_scores(masks)[:, self.target.label]

    def all_scores(self, masks: Float) -> Float:
        """The logits ``(n, classes)`` for masks ``(n, H, W)``, 0 hidden to 1 shown; ``n`` at most ``batch``.

        Computed in the fastest precision of the device: rounding is a small part of what masks change.
        """
        head, size = self.target.head, self.batch
        precision = quick_precision(self.probe.outline)
        shape = (size, *self.target.picture.shape[1:])
        compiled = self.probe.once(
            ("masked", head, precision, shape),
            lambda: backend.MaskedScores(self.probe.score_model(head, precision)),
        )
        filled = np.ascontiguousarray(self.fill, np.float32)
        scores: Float = compiled(padded(masks, size)[..., None], self.target.picture, filled)
        return scores[: len(masks)]
