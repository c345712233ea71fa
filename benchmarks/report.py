"""From the figures of all rounds to tables in Markdown; ``python -m benchmarks.report FILE`` for old ones."""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.record import Record, digits, ratio, summary, values_of

Named = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A quotient of two figures that has to stay below, or above, a limit; None if it is only told."""

    title: str
    above: Named
    below: Named
    limit: float | None = None
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """The limit, and whether ``value`` keeps it."""
        if self.limit is None:
            return ""
        kept = value >= self.limit if self.at_least else value <= self.limit
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}: {'met' if kept else '**missed**'}"


FORWARD = ("ours", "forward pass")
GRIDS = "activations and grids"
PER_SECOND = "training, images per second"
WAITED, TRAINED = "training, seconds of waiting", "training, seconds"
TARGETS: tuple[Target, ...] = (
    Target(title="All activations / forward pass", above=("ours", "activations"), below=FORWARD, limit=1.5),
    Target(
        title="All activations with figures per channel / forward pass",
        above=("ours", "activations with figures"),
        below=FORWARD,
    ),
    Target(
        title="Notebook / ours, all grids",
        above=("notebook", GRIDS),
        below=("ours", GRIDS),
        limit=20,
        at_least=True,
    ),
    Target(title="Grad-CAM / forward pass", above=("ours", "grad_cam"), below=FORWARD, limit=2.5),
    Target(title="HiRes-CAM / forward pass", above=("ours", "hires_cam"), below=FORWARD, limit=2.5),
    Target(title="Saliency / forward pass", above=("ours", "saliency"), below=FORWARD, limit=5),
    *(
        Target(title=f"{peer} / ours, {method}", above=(peer, method), below=("ours", method))
        for method in ("grad_cam", "saliency")
        for peer in ("tf-keras-vis", "xplique")
    ),
    *(
        Target(
            title=f"Training: {who} / documents' way",
            above=(who, PER_SECOND),
            below=("documents' way", PER_SECOND),
            limit=limit,
            at_least=True,
        )
        for who, limit in (("ours, bfloat16", 2.2), ("ours, float32", 1.25))
    ),
    *(
        Target(title=f"Waiting / training, {who}", above=(who, WAITED), below=(who, TRAINED), limit=0.05)
        for who in ("ours, bfloat16", "ours, float32")
    ),
)
FASTER_ON_AVERAGE, FASTER_AT_THE_DEEPEST, STRONG = 40, 12, 10


def report(records: Sequence[Record]) -> str:
    """All tables that the figures suffice for."""
    parts = []
    for network in dict.fromkeys(record.network for record in records):
        own = [record for record in records if record.network == network]
        plain = [r for r in own if ": " not in r.what]
        tables = (figures_table(plain), targets_table(own), patterns_table(own))
        parts += [f"### {network}\n", *(table + "\n" for table in tables if table)]
    return "\n".join(parts)


def figures_table(records: Sequence[Record]) -> str:
    """Every figure with the median of its rounds."""
    kinds = dict.fromkeys((r.who, r.what, r.unit) for r in records)
    rows = [
        [what, who, summary(list(values_of(records, who, what).values())).text(unit)]
        for who, what, unit in kinds
    ]
    return table(["measured", "who", "median (min–max)"], rows)


def targets_table(records: Sequence[Record]) -> str:
    """The quotients, taken round by round, beside their limits."""
    rows = []
    for target in TARGETS:
        quotient = ratio(records, target.above, target.below)
        if quotient is not None:
            rows.append([target.title, quotient.text(), target.verdict(quotient.median)])
    return table(["ratio", "median (min–max)", "target"], rows)


def patterns_table(records: Sequence[Record]) -> str:
    """Time, z-score and share above all photos, layer by layer, ours and the peer's."""
    names = list(
        dict.fromkeys(r.what.split(": ")[0] for r in records if r.what.endswith(": seconds per filter"))
    )
    rows, speedups = [], []
    for name in names:
        time = f"{name}: seconds per filter"
        faster = ratio(records, ("tf-keras-vis", time), ("ours", time))
        if faster is not None:
            speedups.append(faster.median)
        rows.append(
            [name, "" if faster is None else faster.text()]
            + [
                _median(records, who, f"{name}: {what}")
                for what in ("seconds per filter", "median z-score", "share above all photos")
                for who in ("ours", "tf-keras-vis")
            ]
            + [_median(records, "ours", f"{name}: {what}") for what in ("side in pixels", "dead filters")]
        )
    if not rows:
        return ""
    head = ["layer", "times faster", "s per filter", "peer's", "z-score", "peer's"]
    head += ["above all photos", "peer's", "px", "dead"]
    return table(head, rows) + "\n" + _patterns_verdict(records, names, speedups)


def _patterns_verdict(records: Sequence[Record], names: Sequence[str], speedups: Sequence[float]) -> str:
    """The sentences about the limits."""
    weakest = min(
        statistics.median(values_of(records, "ours", f"{name}: median z-score").values())
        for name in names[1:]
    )
    lines = [f"Weakest median z-score from the second convolution on: {digits(weakest)} (≥ {STRONG} wanted)."]
    if len(speedups) == len(names):
        mean = math.exp(statistics.fmean(map(math.log, speedups)))
        lines += [
            f"Geometric mean: {digits(mean)} times faster (≥ {FASTER_ON_AVERAGE} wanted); "
            f"deepest: {digits(speedups[-1])} (≥ {FASTER_AT_THE_DEEPEST} wanted)."
        ]
    return "\n" + "\n".join(lines) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; empty when there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *lines]) + "\n" if lines else ""


def _median(records: Sequence[Record], who: str, what: str) -> str:
    values = list(values_of(records, who, what).values())
    return digits(statistics.median(values)) if values else ""


def main() -> None:
    """Table the figures of a file of JSON lines."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    sys.stdout.write(report([Record(**json.loads(line)) for line in lines]))


if __name__ == "__main__":
    main()
