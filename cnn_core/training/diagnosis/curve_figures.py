"""What can be read off the curves of a run, robust against the noise of single epochs.

Validation losses jump from epoch to epoch, so nothing is decided by one of them: the curves are
smoothed first, a rise or fall counts only beyond the noise, and figures of the end are medians of the
last three epochs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.training.diagnosis.history import (
    FEWEST_EPOCHS,
    SHORT_EPOCHS,
    Float64,
    Row,
    best_epoch,
    history_column,
    noise,
    number,
    smoothed,
)
from cnn_core.training.diagnosis.task import Task, guessed

END_EPOCHS = 3  # of which the median is the figure of the end
RISE_SHARE = 0.08  # of the lowest loss: a smaller rise is none; twice that in a short run
NOISES = 3.0
FALLING_SHARE = 0.02  # over the last quarter of the run
LOWEST_YET_SHARE = 0.005  # the same where no epoch was lower than the last
COLLAPSE_FACTOR = 1.5  # times the lowest training loss


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFigures:
    """What a diagnosis is made of; shares and losses are NaN where unknown.

    Attributes:
        epochs: with a validation loss.
        best, lowest: epoch and value of the lowest validation loss.
        val_loss_last: of the last epoch.
        accuracy, val_accuracy: at the end.
        gap_loss: validation minus training at the end; NaN where they are not the same figure.
        risen: whether the validation loss has risen since its lowest.
        level: whether it is no higher at the end than at its lowest, smoothed; what is neither risen nor
            level cannot be told from noise.
        falling: whether it was still falling at the end.
        diverged: whether the last losses are no numbers, or the training loss has risen itself.
        task: what was to be learned.
        learned: share of the way from guessing to knowing all, by the split with the easier pictures.
    """

    epochs: int
    best: int | None
    lowest: float
    val_loss_last: float
    accuracy: float
    val_accuracy: float
    gap_loss: float
    risen: bool
    level: bool
    falling: bool
    diverged: bool
    task: Task
    learned: float

    @property
    def gap_accuracy(self) -> float:
        """Training minus validation."""
        return self.accuracy - self.val_accuracy

    @property
    def guessing(self) -> float:
        """Share of the validation pictures that one and the same answer gets right."""
        return guessed(self.task.validation)


def curve_figures(history: Sequence[Row], task: Task) -> CurveFigures:
    """Read the curves of a run with that task."""
    losses, val_losses = (_finite(history_column(history, name)) for name in ("loss", "val_loss"))
    rise, curve = _risen(val_losses), smoothed(val_losses)
    return CurveFigures(
        epochs=int(val_losses.size),
        best=best_epoch(history),
        lowest=float(val_losses.min()) if val_losses.size else math.nan,
        val_loss_last=float(val_losses[-1]) if val_losses.size else math.nan,
        accuracy=_end(history, "accuracy"),
        val_accuracy=_end(history, "val_accuracy"),
        gap_loss=_end(history, "val_loss") - _end(history, "loss") if task.losses_compare else math.nan,
        risen=rise and (val_losses.size >= SHORT_EPOCHS or _learned_on(history)),
        level=bool(not curve.size or curve[-1] - curve.min() <= RISE_SHARE * curve.min()),
        falling=_falling(val_losses),
        diverged=not _ends_finite(history) or _collapsed(losses) or (rise and _risen(losses)),
        task=task,
        learned=_learned(history, task),
    )


def _learned(history: Sequence[Row], task: Task) -> float:
    """Share of the way from guessing to knowing all, NaN where it is unknown."""
    shares = [
        (_end(history, name) - guessed(counts)) / (1 - guessed(counts))
        for name, counts in (("accuracy", task.training), ("val_accuracy", task.validation))
        if guessed(counts) < 1
    ]
    if task.weighted:
        # Where right answers are given up for rare classes, only the training loss tells: by the share of the
        # first uncertainty that is gone, whose square root grows like the distance from guessing.
        uncertain = math.log(task.classes)
        left = uncertain - _end(history, "loss")
        shares.append(math.sqrt(np.maximum(0.0, left / (uncertain - task.lowest_loss))))
    return max((share for share in shares if not math.isnan(share)), default=math.nan)


def _risen(values: Float64) -> bool:
    """Whether a curve has climbed from its lowest point by more than its noise, and stayed there."""
    if values.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(values)
    share = RISE_SHARE if values.size >= SHORT_EPOCHS else 2 * RISE_SHARE
    needed = max(NOISES * noise(values), share * curve.min())
    return bool(curve[-2:].min() - curve.min() > needed)


def _learned_on(history: Sequence[Row]) -> bool:
    """Whether the training loss has fallen since the lowest validation loss, as far as that is known.

    Of three or four epochs by chance every sixth has its validation losses in rising order; together with
    falling training losses hardly any.
    """
    losses, val_losses = history_column(history, "loss"), history_column(history, "val_loss")
    then = losses[int(np.nanargmin(val_losses))]
    return not losses[-1] > (1 - FALLING_SHARE) * then


def _falling(values: Float64) -> bool:
    """Whether a curve went down over its last quarter, by more than its noise or to its lowest value."""
    if values.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(values)
    before = curve[-1 - max(2, curve.size // 4)]
    fallen = before - curve[-1]
    if values.argmin() == values.size - 1:
        return bool(fallen > LOWEST_YET_SHARE * before)
    return bool(fallen > max(noise(values), FALLING_SHARE * before))


def _collapsed(losses: Float64) -> bool:
    """Whether the training loss came out above its start and far above its lowest."""
    if losses.size < FEWEST_EPOCHS:
        return False
    curve = smoothed(losses)
    return bool(curve[-2:].min() > max(curve[0], COLLAPSE_FACTOR * curve.min()))


def _ends_finite(history: Sequence[Row]) -> bool:
    """Whether the last losses are numbers; a training loss that was never written is no failure."""
    ends = {name: number(history[-1].get(name)) for name in ("loss", "val_loss")} if history else {}
    bad = {name: end for name, end in ends.items() if end is not None and not math.isfinite(end)}
    lost = any(math.isinf(end) or _finite(history_column(history, name)).size for name, end in bad.items())
    return not lost and len(bad) < 2


def _finite(values: Float64) -> Float64:
    return values[np.isfinite(values)]


def _end(history: Sequence[Row], name: str) -> float:
    """Median of the last three epochs, or of as many as there are: one of them decides nothing."""
    ends = _finite(history_column(history, name)[-END_EPOCHS:])
    return float(np.median(ends)) if ends.size else math.nan
