"""What a run tells of an epoch: now and then while it is trained, and in a row at its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cnn_core.training.run_folder import Row

ROW_SECONDS = 2.0
FEWEST_STEPS = 3  # before the time left is told
SHORTEST_SECONDS = 1e-6


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

    Attributes:
        epoch, epochs: counted from 0; of the run.
        step, steps: the last one that is done, counted from 1; of an epoch.
        means, group: over the epoch so far; over the steps since the last row.
        waited_seconds: for data.
        started, first_step, last_step, last_row: moments on the clock. The first step may compile for long,
            and says nothing of the pace.
    """

    epoch: int
    epochs: int
    steps: int
    batch_size: int
    step: int = 0
    means: Means = field(default_factory=Means)
    group: Means = field(default_factory=Means)
    waited_seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)
    first_step: float = field(default_factory=time.monotonic)
    last_step: float = field(default_factory=time.monotonic)
    last_row: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def batch_came(self) -> None:
        """Count the time since the last step as waiting."""
        self.waited_seconds += time.monotonic() - self.last_step

    def step_done(self, loss: float, accuracy: float) -> bool:
        """Take in one step; true about every two seconds, and at the end, when it is time to tell."""
        self.step += 1
        self.means.add(loss, accuracy)
        self.group.add(loss, accuracy)
        self.last_step = time.monotonic()
        if self.step == 1:
            self.first_step = self.last_step
        if self.step < self.steps and self.last_step - self.last_row < ROW_SECONDS:
            return False
        self.last_row = self.last_step
        return True

    def group_row(self) -> Row:
        """A row of ``steps.csv`` over the steps since the last one."""
        group, self.group = self.group, Means()
        speed = self.pace()["images_per_second"]
        return {**self._position(), **group.rounded(5), "images_per_second": speed}

    def status(self) -> Row:
        """How far the run is, for its status; the time left once there is a pace."""
        status = {**self._position(), "epochs": self.epochs, **self.pace(), **self.means.rounded(4)}
        steps_left = self.steps * (self.epochs - self.epoch) - self.step
        if self.step >= FEWEST_STEPS or steps_left == 0:
            status["seconds_left"] = round(steps_left * self._step_seconds())
        return status

    def pace(self) -> Row:
        """Pictures per second, and the share of the time spent waiting for data."""
        seconds = self.seconds()
        return {
            "images_per_second": round(self.batch_size / self._step_seconds(), 1),
            "waiting_fraction": round(self.waited_seconds / seconds, 4),
        }

    def _step_seconds(self) -> float:
        """Of a step, without the first one where there are others."""
        if self.step < 2:
            return max(self.seconds(), SHORTEST_SECONDS) / max(self.step, 1)
        return max(self.last_step - self.first_step, SHORTEST_SECONDS) / (self.step - 1)

    def _position(self) -> Row:
        return {"epoch": self.epoch + 1, "step": self.step, "steps": self.steps}
