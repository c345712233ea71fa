"""The two steps of a run: a new head over a frozen base, then all of it; and where either ends early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnn_core.training.settings.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """How long each step of a run takes, by its settings and by the validation losses so far.

    A first step whose loss falls no more gives way to fine-tuning, which has its own number of epochs and its
    own patience: stopping early shortens a step, and never leaves one out. All answers follow from the losses
    alone, so a run that is taken up again stands in the same step as before.

    Attributes:
        epochs: of the whole run, if no step ends early.
        fine_tuning: the last so many of them; 0 for a run of one step.
        patience: epochs without a lower validation loss that end a step; 0: none do.

    Reference:
        Prechelt 1998, "Early stopping - but when?", for patience; Chollet 2021, "Deep Learning with Python",
        chapter 8, for the two steps.
    """

    epochs: int
    fine_tuning: int
    patience: int

    @classmethod
    def of(cls, config: TrainingConfig, *, fine_tunes: bool) -> Stages:
        """Those of some settings; ``fine_tunes`` says whether the network has a second step."""
        fine_tuning = min(config.fine_tuning_epochs, config.epochs) if fine_tunes else 0
        return cls(epochs=config.epochs, fine_tuning=fine_tuning, patience=config.early_stopping_epochs)

    @property
    def planned_start(self) -> int:
        """The epoch, counted from 0, with which fine-tuning is to begin; ``epochs`` without any."""
        return self.epochs - self.fine_tuning

    def start(self, losses: Sequence[float]) -> int:
        """The epoch, counted from 0, with which fine-tuning begins, as far as is known by now.

        Args:
            losses: validation loss of each finished epoch.
        """
        ends = range(1, min(len(losses), self.planned_start) + 1) if self.fine_tuning else ()
        return next((end for end in ends if self._falls_no_more(losses[:end])), self.planned_start)

    def fine_tunes(self, epoch: int, losses: Sequence[float]) -> bool:
        """Whether ``epoch``, counted from 0, belongs to the second step."""
        return self.fine_tuning > 0 and epoch >= self.start(losses)

    def end(self, losses: Sequence[float]) -> int:
        """How many epochs the run has, if the step that it is in does not end early."""
        return self.start(losses) + self.fine_tuning

    def is_over(self, losses: Sequence[float]) -> bool:
        """Whether no epoch is left to be trained."""
        start = self.start(losses)
        last_step = losses[start:] if self.fine_tuning else losses
        return len(losses) >= self.end(losses) or self._falls_no_more(last_step)

    def planned_epoch(self, epoch: int, losses: Sequence[float]) -> int:
        """The epoch of the full length that ``epoch`` stands for: those cut off are passed over."""
        start = self.start(losses)
        return epoch if epoch < start else epoch + self.planned_start - start

    def _falls_no_more(self, losses: Sequence[float]) -> bool:
        since_lowest = len(losses) - losses.index(min(losses)) - 1 if losses else 0
        return 0 < self.patience <= since_lowest
