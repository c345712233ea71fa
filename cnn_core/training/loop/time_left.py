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
        seconds_per_cost: of steps, None before the first of them are timed.
        validation_seconds: of the last validation; None before one is timed that did not compile first.
    """

    steps: int
    validation_cost: float
    seconds_per_cost: float | None = None
    validation_seconds: float | None = None
    validations: int = 0

    def steps_timed(self, step_seconds: float, cost: float) -> None:
        """Take note of what a step takes that costs so much."""
        self.seconds_per_cost = step_seconds / cost

    def validation_timed(self, seconds: float) -> None:
        """Take note of what came between two epochs; but for the first time, when it also compiles."""
        self.validations += 1
        if self.validations > 1:
            self.validation_seconds = seconds

    def seconds(self, step: int, costs: Sequence[float]) -> float | None:
        """Until the last epoch is validated; None while there is nothing to judge it by.

        Args:
            step: how many steps of the running epoch are done.
            costs: of a step in the running epoch, and in each one after it.
        """
        if self.seconds_per_cost is None:
            return None
        running, *later = costs
        cost = (self.steps - step) * running + self.steps * sum(later)
        validation = self.validation_seconds
        if validation is None:
            validation = self.seconds_per_cost * self.validation_cost
        return self.seconds_per_cost * cost + validation * len(costs)
