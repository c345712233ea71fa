"""What a benchmark script hands to the driver: figures as JSON lines, and how they are summed up."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One figure of one round.

    Attributes:
        who: the script's subject: ``ours``, ``notebook``, ``tf-keras-vis``, ``xplique`` ...
        what: what was measured; the same words for the same thing, whoever did it.
        value: the figure.
        unit: ``ms``, ``s``, ``MB``, ... or empty.
        network: key of the network, set by the driver.
        round: number of the round, set by the driver.
    """

    who: str
    what: str
    value: float
    unit: str = ""
    network: str = ""
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Median of the rounds, with the smallest and the largest."""

    median: float
    low: float
    high: float

    def text(self, unit: str = "") -> str:
        """``3.1 ms (2.9-3.6)``, with three significant digits."""
        return f"{digits(self.median)} {unit}".rstrip() + f" ({digits(self.low)}–{digits(self.high)})"


def emit(record: Record) -> None:
    """Write a record to standard output, as a line of JSON."""
    sys.stdout.write(json.dumps(asdict(record)) + "\n")
    sys.stdout.flush()


def parsed(text: str) -> list[Record]:
    """The records among the lines of a script's output."""
    return [Record(**json.loads(line)) for line in text.splitlines() if line.startswith('{"who"')]


def summary(values: Sequence[float]) -> Summary:
    """Sum up the figures of all rounds; there is at least one."""
    return Summary(median=statistics.median(values), low=min(values), high=max(values))


def values_of(records: Iterable[Record], who: str, what: str) -> dict[int, float]:
    """The figure of each round."""
    return {r.round: r.value for r in records if (r.who, r.what) == (who, what)}


def ratio(records: Sequence[Record], above: tuple[str, str], below: tuple[str, str]) -> Summary | None:
    """Quotient of two figures ``(who, what)``, taken within each round; None if there is no such round."""
    numerators, denominators = values_of(records, *above), values_of(records, *below)
    quotients = [value / denominators[n] for n, value in numerators.items() if n in denominators]
    return summary(quotients) if quotients else None


def digits(value: float) -> str:
    """A number with about three significant digits, an exponent only below a thousandth."""
    size = abs(value)
    if 0 < size < 0.001:
        return f"{value:.1e}"
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{places}f}"
