"""What a scan found: a problem per file, and the size of every picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROBLEM_KINDS = ("unreadable", "truncated", "duplicate", "leakage", "tiny", "non_rgb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One file that training skips, or of ``ScanReport.label_conflicts`` one that somebody should look at.

    Attributes:
        path: the file.
        split: ``training``, ``validation`` or ``test``.
        kind: one of ``PROBLEM_KINDS``; ``duplicate`` is within a split, ``leakage`` across two.
        detail: a sentence.
        duplicate_of: the picture that stays, where this one repeats it.
        duplicate_split: where that one lies.
        near: the two are nearly the same; else their files or pixels are equal.
    """

    path: Path
    split: str
    kind: str
    detail: str
    duplicate_of: Path | None = None
    duplicate_split: str | None = None
    near: bool = False

    def __post_init__(self) -> None:
        """Refuse a kind that no page would show."""
        if self.kind not in PROBLEM_KINDS:
            raise ValueError(f"Expected a kind of {PROBLEM_KINDS}. Received: {self.kind!r}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanReport:
    """What was found in all splits.

    Attributes:
        problems: in the order of the splits and of their files, at most one per file.
        sizes_px: split -> ``(n, 2)`` int32, (width, height) of each file in the order of the split, seen
            upright; (0, 0) where it could not be read. Read-only.
        scanned: number of files.
        seconds: that this took; close to 0 where an earlier scan could be used.
        label_conflicts: pictures nearly the same as one of another class; nothing is left out for that.
        transient: some files could not be read for a reason that may go, such as too many open files, so that
            another scan may find less.
    """

    problems: tuple[Problem, ...]
    sizes_px: Mapping[str, NDArray[np.int32]]
    scanned: int
    seconds: float
    label_conflicts: tuple[Problem, ...] = ()
    transient: bool = False

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for sizes in self.sizes_px.values():
            sizes.setflags(write=False)
        object.__setattr__(self, "sizes_px", MappingProxyType(dict(self.sizes_px)))

    def counts(self) -> dict[str, int]:
        """Number of problems per kind, all kinds in the order of ``PROBLEM_KINDS``."""
        kinds = [problem.kind for problem in self.problems]
        return {kind: kinds.count(kind) for kind in PROBLEM_KINDS}

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file: all but the sizes."""
        return {
            "scanned": self.scanned,
            "seconds": round(self.seconds, 3),
            "problems": [_metadata(problem) for problem in self.problems],
            "label_conflicts": [_metadata(problem) for problem in self.label_conflicts],
        }


def _metadata(problem: Problem) -> dict[str, Any]:
    duplicate_of = None if problem.duplicate_of is None else str(problem.duplicate_of)
    return asdict(problem) | {"path": str(problem.path), "duplicate_of": duplicate_of}
