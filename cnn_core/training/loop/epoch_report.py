"""What a run tells of an epoch: now and then while it is trained, and in a row at its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cnn_core.training.run_folder import Row

ROW_SECONDS = 2.0


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

    def rounded(self, digits: int) -> Row:
        """Both, as they are written."""
        return {"loss": round(self.loss, digits), "accuracy": round(self.accuracy, digits)}


@dataclass(slots=True, kw_only=True)
class EpochReport:
    """The figures of one epoch; its clock starts when it is made.

    The pace is that of the steps after the first, which may compile, and waits for the first batch.

    Attributes:
        epoch, epochs: counted from 0; of the run.
        step, steps: the last one that is done, counted from 1; of an epoch.
        means, group: over the epoch so far; over the steps since the last row.
        waited_seconds: for data, since the first step.
        seconds_before: that the epoch took before a pause.
        paced_steps: steps since the first one that was done here.
        started, first_step, last_step, last_row: moments on the clock.
    """

    epoch: int
    epochs: int
    steps: int
    batch_size: int
    step: int = 0
    means: Means = field(default_factory=Means)
    group: Means = field(default_factory=Means)
    waited_seconds: float = 0.0
    seconds_before: float = 0.0
    paced_steps: int = 0
    first_step: float | None = None
    started: float = field(default_factory=time.monotonic)
    last_step: float = field(default_factory=time.monotonic)
    last_row: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Since the start, but for a pause."""
        return self.seconds_before + time.monotonic() - self.started

    def batch_came(self) -> None:
        """Count the time since the last step as waiting."""
        if self.first_step is not None:
            self.waited_seconds += time.monotonic() - self.last_step

    def step_done(self, loss: float, accuracy: float) -> bool:
        """Take in one step; true about every two seconds, and at the end, when it is time to tell."""
        self.step += 1
        self.means.add(loss, accuracy)
        self.group.add(loss, accuracy)
        self.last_step = time.monotonic()
        if self.first_step is None:
            self.first_step = self.last_step
        else:
            self.paced_steps += 1
        if self.step < self.steps and self.last_step - self.last_row < ROW_SECONDS:
            return False
        self.last_row = self.last_step
        return True

    def group_row(self) -> Row:
        """A row of ``steps.csv`` over the steps since the last one."""
        group, self.group = self.group, Means()
        pace = self.pace()
        pace.pop("waiting_fraction", None)
        return {**self._position(), **group.rounded(5), **pace}

    def status(self) -> Row:
        """How far the run is, for its status."""
        return {**self._position(), "epochs": self.epochs, **self.pace(), **self.means.rounded(4)}

    def pace(self) -> Row:
        """Pictures per second, and the share of the time spent waiting for data; empty until known."""
        steps, seconds = self.paced_steps, self._paced_seconds()
        if not steps:
            if self.step < self.steps or self.first_step is None:
                return {}
            steps, seconds = 1, self.last_step - self.started  # all there is of an epoch of one step
        return {
            "images_per_second": round(steps * self.batch_size / seconds, 1),
            "waiting_fraction": round(self.waited_seconds / seconds, 4),
        }

    def timed(self) -> tuple[int, float]:
        """How many steps took how many seconds; none until enough time has passed to tell."""
        enough = self._paced_seconds() >= ROW_SECONDS or self.step == self.steps
        return (self.paced_steps, self._paced_seconds()) if enough else (0, 0.0)

    def begin_pace(self) -> None:
        """Count the pace from the last step on, as what came before was slowed down by something else."""
        self.first_step, self.paced_steps, self.waited_seconds = self.last_step, 0, 0.0

    def so_far(self) -> Row:
        """What ``resumed`` needs to go on within the epoch."""
        means = {"loss": self.means.loss, "accuracy": self.means.accuracy}
        return {"step": self.step, **means, "seconds": self.seconds()}

    def resumed(self, so_far: Row) -> None:
        """Go on after a pause within the epoch."""
        self.step, self.seconds_before = int(so_far["step"]), so_far["seconds"]
        self.means = Means(so_far["loss"], so_far["accuracy"], self.step)

    def _paced_seconds(self) -> float:
        return 0.0 if self.first_step is None else self.last_step - self.first_step

    def _position(self) -> Row:
        return {"epoch": self.epoch + 1, "step": self.step, "steps": self.steps}
