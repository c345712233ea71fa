"""Coalitions of superpixels: pictures that show some of them and a fill in place of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core.analysis import Target
from cnn_core.attribution.superpixels import Float, Labels, mean_colours, superpixels
from cnn_core.framework import backend
from cnn_core.probe.outline import Outline
from cnn_core.probe.probe import Probe
from cnn_core.processor import fast_precision
from cnn_core.settings import choice, number

Double = NDArray[np.float64]

FILLS = ("mean", "black", "grey", "white", "blur")
SHADES = {"black": 0.0, "grey": 0.5, "white": 1.0}
BLUR_FRACTION = 0.1  # standard deviation, of the longer side
MOST_AT_ONCE = 32
BATCH_VALUES = 16 * 2**20  # of the largest map of a batch, 64 MiB
PREVIEWS = 8
SMALLEST_SHARE = 1e-10  # of the largest eigenvalue; below it lies what the samples do not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class CoalitionSettings:
    """Which superpixels are hidden, and by what."""

    superpixels: int = number(
        40, "Superpixels", "Into how many patches of like colour the photo is taken apart.", 1, 200, 1
    )
    samples: int = number(
        500,
        "Samples",
        "How many pictures with some superpixels hidden are looked at; few superpixels are all combined.",
        16,
        8000,
        1,
    )
    fill: str = choice(
        "mean",
        "Fill",
        "What stands where a superpixel is hidden: its own mean colour, one colour, or the photo blurred.",
        FILLS,
    )
    seed: int = number(0, "Seed", "Another seed draws other samples.", 0, 9999, 1)


@dataclass(frozen=True, eq=False)
class Coalitions:
    """A picture in superpixels, any of which can be hidden, and the score of the class that is asked about.

    Attributes:
        probe: the model.
        target: with picture and class.
        settings: how many superpixels, and what hides them.
    """

    probe: Probe
    target: Target
    settings: CoalitionSettings

    @cached_property
    def labels(self) -> Labels:
        """Which superpixel each pixel belongs to, ``(H, W)``."""
        return superpixels(self.target.picture, self.probe.preprocessing, self.settings.superpixels)

    @property
    def players(self) -> int:
        """How many superpixels there are."""
        return int(self.labels.max()) + 1

    @cached_property
    def filled(self) -> Float:
        """The picture with all superpixels hidden, ``(1, H, W, c)``."""
        return filled_picture(self.probe, self.target.picture, self.labels, self.settings.fill)

    def full_score(self, picture: Float) -> float:
        """The logit of the class for one picture, in full precision."""
        return float(self.probe.scores(picture)[self.target.head][0, self.target.label])

    def scores(self, shown: NDArray[np.bool_]) -> Iterator[Double]:
        """The logits of coalitions ``(n, players)``, batch by batch, in the fastest precision here."""
        size = batch_size(self.probe.outline, self.labels.shape)
        for start in range(0, len(shown), size):
            masks = shown[start : start + size, self.labels].astype(np.float32)  # (b, H, W)
            known = len(masks)
            masks = np.concatenate([masks, np.repeat(masks[-1:], size - known, axis=0)])  # one size compiles
            answers = self._compiled(size)(masks[..., None], self.target.picture, self.filled)
            yield np.asarray(answers[:known, self.target.label], np.float64)

    def _compiled(self, size: int) -> Any:
        head, precision = self.target.head, fast_precision()
        shape = (size, *self.target.picture.shape[1:])
        return self.probe.once(
            ("masked", head, precision, shape),
            lambda: backend.MaskedScores(self.probe.score_model(head, precision)),
        )


def filled_picture(probe: Probe, picture: Float, labels: Labels, fill: str) -> Float:
    """What stands where all superpixels are hidden, as model input ``(1, H, W, c)``.

    Chosen in pixels as people see them: grey is half of white before preprocessing.

    Args:
        probe: whose preprocessing says what is black.
        picture: model input ``(1, H, W, c)``.
        labels: ``(H, W)``, superpixels.
        fill: one of ``FILLS``.
    """
    if fill == "mean":
        return mean_colours(picture, labels)
    if fill in SHADES:
        black, white = probe.preprocessing.bounds()
        shade = np.float32(black + SHADES[fill] * (white - black))
        return np.ascontiguousarray(np.broadcast_to(shade, picture.shape))
    sigma = BLUR_FRACTION * max(labels.shape)
    channels = np.moveaxis(picture[0], -1, 0)
    soft = [cv2.GaussianBlur(np.ascontiguousarray(each), (0, 0), sigma) for each in channels]
    return np.asarray(np.stack(soft, axis=-1)[None], np.float32)


def batch_size(outline: Outline, size: tuple[int, ...]) -> int:
    """How many pictures of a size go through the network together: an even number from 2."""
    pixels = size[0] * size[1]
    maps = [np.prod([side or pixels for side in info.output_shape], dtype=float) for info in outline.layers]
    largest = int(max([pixels, *maps]))
    return 2 * int(np.clip(BATCH_VALUES // largest, 2, MOST_AT_ONCE) // 2)


def all_coalitions(players: int) -> NDArray[np.bool_]:
    """Every coalition, ``(2 ** players, players)``, the empty one first and the full one last."""
    numbers = np.arange(2**players)[:, None]
    shown: NDArray[np.bool_] = (numbers >> np.arange(players)) % 2 == 1
    return shown


def least_squares(design: Double, answers: Double, free: int) -> tuple[Double, Double | None]:
    """Coefficients and their standard errors, which hold whatever the spread of each answer is.

    Where there are fewer answers than coefficients, the smallest coefficients that fit.

    Args:
        design: ``(m, n)``, rows and answers multiplied by the square root of their weight.
        answers: ``(m,)``.
        free: how many numbers the fit decides.

    Returns:
        Both ``(n,)``; no errors where nothing is left over that could tell them.

    Reference:
        White (1980), with the correction ``m / (m - free)``.
    """
    inverse = np.linalg.pinv(design.T @ design, rcond=SMALLEST_SHARE, hermitian=True)  # (n, n)
    solver = inverse @ design.T  # (n, m)
    found = solver @ answers
    spare = len(answers) - free
    if spare <= 0:
        return found, None
    residuals = answers - design @ found
    return found, np.sqrt(solver**2 @ residuals**2 * len(answers) / spare)
