"""How long the rest of a run takes, judged by the steps and validations behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FORWARD_SHARE = 1 / 3  # of a training step; the pass backward takes two such passes, by layer and by kernel
FINE_TUNING_COST = 3.0  # of a step, where the steps before only pass forward through a frozen base


@dataclass(slots=True, kw_only=True)
class TimeLeft:
    """What is known of the pace; nothing is told while that is nothing.

    The cost of a step is the area of its pictures, times what fine-tuning adds; only ratios of costs count.

    Attributes:
        steps: of an epoch.
        validation_cost: of validating once, forward only, where a training step costs what it costs.
        epoch_before, running: seconds and cost of the steps timed in the last two epochs. The few of an epoch
            that has just begun would say too little alone.
        validation_seconds: of the last validation; None before one is timed that did not compile first.
    """

    steps: int
    validation_cost: float
    epoch_before: tuple[float, float] = (0.0, 0.0)
    running: tuple[float, float] = (0.0, 0.0)
    validation_seconds: float | None = None
    validations: int = 0

    def steps_timed(self, steps: int, seconds: float, cost: float) -> None:
        """Take note of what the steps of the running epoch took so far, each of which costs so much."""
        self.running = seconds, steps * cost

    @property
    def seconds_per_cost(self) -> float | None:
        """Of steps; None before the first of them are timed."""
        seconds, cost = (sum(parts) for parts in zip(self.epoch_before, self.running, strict=True))
        return seconds / cost if cost else None

    def validation_timed(self, seconds: float) -> None:
        """Take note of what came after an epoch; but for the first time, when it also compiles."""
        self.epoch_before, self.running = self.running, (0.0, 0.0)
        self.validations += 1
        if self.validations > 1:
            self.validation_seconds = seconds

    def seconds(self, step: int, costs: Sequence[float]) -> float | None:
        """Until the last epoch is validated; None while there is nothing to judge it by.

        Args:
            step: how many steps of the running epoch are done.
            costs: of a step in the running epoch, and in each one after it.
        """
        pace = self.seconds_per_cost
        if pace is None:
            return None
        running, *later = costs
        cost = (self.steps - step) * running + self.steps * sum(later)
        validation = self.validation_seconds
        if validation is None:
            validation = pace * self.validation_cost
        return pace * cost + validation * len(costs)
