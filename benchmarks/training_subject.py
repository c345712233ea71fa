"""What is trained for the speed benchmarks: ``report_regularized``, on the same photos for everybody."""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.record import Record, emit
from benchmarks.report import PER_SECOND, TRAINED, WAITED

PRESET = "report_regularized"
WARM_UP_STEPS = 5  # the first ones compile and fill the queues
GROUP_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a training script is told on its command line."""

    data: Path
    batch: int
    precision: str
    seconds: float
    photos: int


def training_options() -> TrainingOptions:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="the folder cats_and_dogs_filtered")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--precision", default="float32", choices=["float32", "mixed_bfloat16"])
    parser.add_argument("--seconds", type=float, default=20, help="of training that is measured")
    parser.add_argument("--photos", type=int, default=25_000, help="of the large set")
    return TrainingOptions(**vars(parser.parse_args()))


@dataclass(slots=True, kw_only=True)
class StepTimer:
    """Images per second by the median of groups of steps, without what lies between epochs.

    Attributes:
        batch: pictures per step.
        steps_per_epoch: after the last one other work is done, which is not counted.
        seconds: how long to measure.
    """

    batch: int
    steps_per_epoch: int
    seconds: float
    _steps: int = 0
    _last: float = 0.0
    _durations: list[float] = field(default_factory=list)

    def step_ended(self, now: float | None = None) -> None:
        """Take the time; ``now`` is for tests."""
        now = time.perf_counter() if now is None else now
        first_of_epoch = self._steps % self.steps_per_epoch == 0
        self._steps += 1
        if self._steps > WARM_UP_STEPS and not first_of_epoch:
            self._durations.append(now - self._last)
        self._last = now

    @property
    def measured_seconds(self) -> float:
        """Time of the steps that count."""
        return sum(self._durations)

    @property
    def done(self) -> bool:
        """Whether enough was measured."""
        return self.measured_seconds >= self.seconds and len(self._durations) >= GROUP_STEPS

    def images_per_second(self) -> float:
        """The median of the groups."""
        groups = range(0, len(self._durations) - GROUP_STEPS + 1, GROUP_STEPS)
        seconds = [sum(self._durations[start : start + GROUP_STEPS]) for start in groups]
        return self.batch * GROUP_STEPS / statistics.median(seconds)


def emit_training(who: str, timer: StepTimer, waited: float | None = None) -> None:
    """Emit the speed, the largest memory of this process, and the waiting where its share is known."""
    emit(Record(who=who, what=PER_SECOND, value=timer.images_per_second(), unit="/s"))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    emit(Record(who=who, what="training, peak memory", value=peak_mb, unit="MB"))
    if waited is not None:
        emit(Record(who=who, what=WAITED, value=waited * timer.measured_seconds, unit="s"))
        emit(Record(who=who, what=TRAINED, value=timer.measured_seconds, unit="s"))


def memory_mb(names: Sequence[str]) -> dict[str, float]:
    """Figures of this process from /proc, such as ``RssAnon``, in units of 2**20 bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return {name: int(values[name].split()[0]) / 1024 for name in names}
