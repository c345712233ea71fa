"""How long an epoch takes, how much of that it waits for data, and its running means."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

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
