"""What a run tells of an epoch: now and then while it is trained, and in a row at its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

Row = dict[str, float]

ROW_SECONDS = 2.0


@dataclass(slots=True)
class Clock:
    """Starts when it is made."""

    started: float = field(default_factory=time.monotonic)
    waited_seconds: float = 0.0
    asked: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def batch_came(self) -> None:
        """Count the time since the last step as waiting."""
        self.waited_seconds += time.monotonic() - self.asked

    def step_done(self) -> None:
        """From here on the next batch is waited for."""
        self.asked = time.monotonic()

    def row_is_due(self) -> bool:
        """Whether it is time to say how far it is; true about every two seconds."""
        if self.asked - self.said < ROW_SECONDS:
            return False
        self.said = self.asked
        return True


@dataclass(slots=True)
class Means:
    """Mean loss and accuracy of the steps added."""

    loss: float = 0.0
    accuracy: float = 0.0
    steps: int = 0

    def add(self, loss: float, accuracy: float) -> None:
        """Take in one step."""
        self.steps += 1
        self.loss += (loss - self.loss) / self.steps
        self.accuracy += (accuracy - self.accuracy) / self.steps


@dataclass(slots=True, kw_only=True)
class EpochReport:
    """The figures of one epoch; its clock starts when it is made.

    Attributes:
        epoch: counted from 0.
        epochs: of the run.
        steps: of an epoch.
        batch_size: pictures per step.
        step: the last one that is done, counted from 1.
        clock: time, and waiting for data.
        means: over the epoch so far.
        group: over the steps since the last row.
    """

    epoch: int
    epochs: int
    steps: int
    batch_size: int
    step: int = 0
    clock: Clock = field(default_factory=Clock)
    means: Means = field(default_factory=Means)
    group: Means = field(default_factory=Means)

    def step_done(self, loss: float, accuracy: float) -> bool:
        """Take in one step; true where it is time to tell."""
        self.step += 1
        self.means.add(loss, accuracy)
        self.group.add(loss, accuracy)
        self.clock.step_done()
        return self.clock.row_is_due() or self.step == self.steps

    def group_row(self) -> Row:
        """A row of ``steps.csv`` over the steps since the last one."""
        group, self.group = self.group, Means()
        return {
            "epoch": self.epoch + 1,
            "step": self.step,
            "steps": self.steps,
            "loss": round(group.loss, 5),
            "accuracy": round(group.accuracy, 5),
            "images_per_second": round(self._images_per_second(), 1),
        }

    def status(self) -> Row:
        """How far the run is, for its status."""
        steps_left = self.steps * (self.epochs - self.epoch) - self.step
        return {
            "epoch": self.epoch + 1,
            "epochs": self.epochs,
            "step": self.step,
            "steps": self.steps,
            "images_per_second": round(self._images_per_second(), 1),
            "waiting_fraction": self._waiting_fraction(),
            "seconds_left": round(steps_left * self.batch_size / self._images_per_second()),
            "loss": round(self.means.loss, 4),
            "accuracy": round(self.means.accuracy, 4),
        }

    def trained(self) -> Row:
        """What a row of ``history.csv`` says of the training; call it before the epoch is judged."""
        return {
            "loss": round(self.means.loss, 5),
            "accuracy": round(self.means.accuracy, 5),
            "images_per_second": round(self._images_per_second(), 1),
            "waiting_fraction": self._waiting_fraction(),
        }

    def _images_per_second(self) -> float:
        return self.step * self.batch_size / self.clock.seconds()

    def _waiting_fraction(self) -> float:
        return round(self.clock.waited_seconds / self.clock.seconds(), 4)
