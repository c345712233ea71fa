"""What can be read off the curves of a run, robust against the noise of single epochs.

Validation losses jump from epoch to epoch, so nothing is decided by one of them: the curves are
smoothed first, a rise or fall counts only beyond the noise, and figures of the end are means of the
last three epochs (of fewer in a short run).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.training.history import (
    FEWEST_EPOCHS,
    Float64,
    Row,
    best_epoch,
    history_column,
    noise,
    number,
    smoothed,
)

END_EPOCHS = 3  # averaged for the figures of the end
RISE_SHARE = 0.08  # of the lowest loss: a smaller rise is none
NOISES = 3.0
FALLING_SHARE = 0.02  # over the last quarter of the run
COLLAPSE_FACTOR = 1.5  # times the lowest training loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a verdict is made of; shares and losses are NaN where unknown.

    Attributes:
        epochs: with a validation loss.
        best, lowest: epoch and value of the lowest validation loss.
        val_loss_end: at the end.
        accuracy, val_accuracy: at the end.
        gap_loss: validation minus training at the end.
        risen: whether the validation loss has risen since its lowest.
        falling: whether it was still falling at the end.
        finite: whether the last losses are numbers.
        unstable: whether the training loss has risen itself.
        guessing: share that guessing gets right.
    """

    epochs: int
    best: int | None
    lowest: float
    val_loss_end: float
    accuracy: float
    val_accuracy: float
    gap_loss: float
    risen: bool
    falling: bool
    finite: bool
    unstable: bool
    guessing: float

    @property
    def gap_accuracy(self) -> float:
        """Training minus validation."""
        return self.accuracy - self.val_accuracy

    @property
    def learned(self) -> float:
        """Share of the way from guessing to knowing all, by the split with the easier pictures."""
        return float((np.fmax(self.accuracy, self.val_accuracy) - self.guessing) / (1 - self.guessing))


def facts_of(history: Sequence[Row], classes: int) -> Facts:
    """Read the curves of a run with that many classes."""
    losses, val_losses = (_finite(history_column(history, name)) for name in ("loss", "val_loss"))
    risen = _risen(val_losses)
    return Facts(
        epochs=int(val_losses.size),
        best=best_epoch(history),
        lowest=float(val_losses.min()) if val_losses.size else math.nan,
        val_loss_end=_end(history, "val_loss"),
        accuracy=_end(history, "accuracy"),
        val_accuracy=_end(history, "val_accuracy"),
        gap_loss=_end(history, "val_loss") - _end(history, "loss"),
        risen=risen,
        falling=_falling(val_losses),
        finite=_ends_finite(history),
        unstable=_collapsed(losses) or (risen and _risen(losses)),
        guessing=1 / classes,
    )


def _risen(values: Float64) -> bool:
    """Whether a curve has climbed from its lowest place by more than its noise, and stayed there."""
    if values.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(values)
    needed = max(NOISES * noise(values), RISE_SHARE * curve.min())
    return bool(curve[-2:].min() - curve.min() > needed)


def _falling(values: Float64) -> bool:
    """Whether a curve went down over its last quarter, by more than its noise."""
    if values.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(values)
    before = curve[-1 - max(2, curve.size // 4)]
    return bool(before - curve[-1] > max(noise(values), FALLING_SHARE * before))


def _collapsed(losses: Float64) -> bool:
    """Whether the training loss came out above its start and far above its lowest."""
    if losses.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(losses)
    return bool(curve[-1] > max(curve[0], COLLAPSE_FACTOR * curve.min()))


def _ends_finite(history: Sequence[Row]) -> bool:
    """Whether the last losses are numbers; a training loss that was never written is no failure."""
    last = {name: number(history[-1].get(name)) for name in ("loss", "val_loss")} if history else {}
    bad = [name for name, value in last.items() if value is not None and not math.isfinite(value)]
    known = [name for name in bad if _finite(history_column(history, name)).size]
    infinite = any(math.isinf(last[name] or 0) for name in bad)
    return not (infinite or known or len(bad) == len(last) > 0)


def _finite(values: Float64) -> Float64:
    return values[np.isfinite(values)]


def _end(history: Sequence[Row], name: str) -> float:
    """Mean of the last three epochs, or of fewer where that is more than a quarter of them."""
    values = history_column(history, name)
    kept = _finite(values[-max(1, min(END_EPOCHS, values.size // 4)) :])
    return float(kept.mean()) if kept.size else math.nan
