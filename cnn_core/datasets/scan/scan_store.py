"""Findings of a scan on disk, so that the second run on the same pictures need not look again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.scan.scan_report import Problem, ScanReport
from cnn_core.datasets.splits import Splits
from cnn_core.files import replacing

VERSION = 4  # of what is found and how it is written
KEY_LETTERS = 24
PROBLEMS, DOUBTS = "problems", "doubts"


def scan_key(splits: Splits, keep_non_rgb: bool, keep_near_doubles: bool) -> str:
    """Changes with any file's name, class, split, size or time of change, not with where the folder lies."""
    digest = hashlib.sha256(f"{VERSION} {keep_non_rgb} {keep_near_doubles}".encode())
    for name, files in splits.items():
        digest.update(f"\n{name} {files.fingerprint()}".encode())
        times = np.array([_changed_ns(path) for path in files.paths], np.int64)
        digest.update(times.tobytes())
    return digest.hexdigest()[:KEY_LETTERS]


def write_report(path: Path, splits: Splits, report: ScanReport) -> None:
    """Write a report, whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    index = {place: number for number, place in enumerate(_places(splits))}
    arrays: dict[str, Any] = {
        PROBLEMS: _packed(report.problems, index),
        DOUBTS: _packed(report.doubts, index),
    }
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **(arrays | dict(report.sizes_px)))


def _packed(problems: Sequence[Problem], index: dict[tuple[str, Path], int]) -> NDArray[np.uint8]:
    rows = [
        [
            index[problem.split, problem.path],
            problem.kind,
            problem.detail,
            None
            if problem.twin is None or problem.twin_split is None
            else index[problem.twin_split, problem.twin],
            problem.near,
        ]
        for problem in problems
    ]
    return np.frombuffer(json.dumps(rows).encode(), np.uint8)


def read_report(path: Path, splits: Splits) -> ScanReport | None:
    """The report stored for these splits, or None where there is none or it is damaged."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            rows = {name: json.loads(stored[name].tobytes()) for name in (PROBLEMS, DOUBTS)}
            sizes = {name: stored[name] for name, _ in splits.items()}
        return _report(rows, sizes, splits)
    except Exception:  # a damaged file raises anything at all; looking again mends it
        return None


def _report(
    rows: dict[str, list[Any]], sizes: dict[str, NDArray[np.int32]], splits: Splits
) -> ScanReport | None:
    if any(sizes[name].shape != (len(files.paths), 2) for name, files in splits.items()):
        return None
    places = _places(splits)
    return ScanReport(
        problems=_unpacked(rows[PROBLEMS], places),
        sizes_px=sizes,
        scanned=len(places),
        seconds=0.0,
        doubts=_unpacked(rows[DOUBTS], places),
    )


def _unpacked(rows: list[Any], places: Sequence[tuple[str, Path]]) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            split=places[index][0],
            path=places[index][1],
            kind=kind,
            detail=detail,
            twin=None if twin is None else places[twin][1],
            twin_split=None if twin is None else places[twin][0],
            near=near,
        )
        for index, kind, detail, twin, near in rows
    )


def _places(splits: Splits) -> list[tuple[str, Path]]:
    return [(name, path) for name, files in splits.items() for path in files.paths]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
