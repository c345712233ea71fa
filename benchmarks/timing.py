"""Time several things in turn, so that a busy machine treats them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from benchmarks.record import Record, emit

WARM_UP_CALLS = 3


def emit_times(who: str, calls: Mapping[str, Callable[[], object]], repeats: int) -> None:
    """Call each of ``calls`` in turn, ``repeats`` times, and emit the median time of each in ms."""
    for call in calls.values():
        for _ in range(WARM_UP_CALLS):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begun)
    for name, values in seconds.items():
        emit(Record(who=who, what=name, value=1000 * statistics.median(values), unit="ms"))
