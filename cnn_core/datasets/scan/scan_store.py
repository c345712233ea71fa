"""Findings of a scan on disk, so that the second run on the same pictures need not look again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.datasets.scan.scan_report import Problem, ScanReport
from cnn_core.datasets.splits import Splits
from cnn_core.files import read_json, write_json

VERSION = 5  # of what is found and how it is written
KEY_LETTERS = 24

Places = Sequence[tuple[str, Path]]


def scan_key(splits: Splits, keep_non_rgb: bool, keep_near_duplicates: bool) -> str:
    """Changes with any file's name, class, split, size or time of change, not with where the folder lies."""
    digest = hashlib.sha256(f"{VERSION} {keep_non_rgb} {keep_near_duplicates}".encode())
    for name, files in splits.items():
        digest.update(f"\n{name} {files.fingerprint()}".encode())
        times = np.array([_changed_ns(path) for path in files.paths], np.int64)
        digest.update(times.tobytes())
    return digest.hexdigest()[:KEY_LETTERS]


def write_report(path: Path, splits: Splits, report: ScanReport) -> None:
    """Write a report, whole or not at all; files are named by their positions in the splits.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    positions = {place: number for number, place in enumerate(_positions(splits))}
    metadata = {
        "problems": [_row(problem, positions) for problem in report.problems],
        "label_conflicts": [_row(problem, positions) for problem in report.label_conflicts],
        "sizes_px": {name: sizes.tolist() for name, sizes in report.sizes_px.items()},
    }
    write_json(path, metadata)


def read_report(path: Path, splits: Splits) -> ScanReport | None:
    """The report stored for these splits, or None where there is none or it is damaged."""
    metadata, positions = read_json(path), _positions(splits)
    try:
        sizes = {
            name: np.array(metadata["sizes_px"][name], np.int32).reshape(len(files.paths), 2)
            for name, files in splits.items()
        }
        return ScanReport(
            problems=tuple(_problem(row, positions) for row in metadata["problems"]),
            sizes_px=sizes,
            scanned=len(positions),
            seconds=0.0,
            label_conflicts=tuple(_problem(row, positions) for row in metadata["label_conflicts"]),
        )
    except (LookupError, TypeError, ValueError):  # looking again mends it
        return None


def _row(problem: Problem, positions: dict[tuple[str, Path], int]) -> list[Any]:
    duplicate_of = (
        None
        if problem.duplicate_of is None or problem.duplicate_split is None
        else positions[problem.duplicate_split, problem.duplicate_of]
    )
    return [positions[problem.split, problem.path], duplicate_of, problem.kind, problem.detail, problem.near]


def _problem(row: list[Any], positions: Places) -> Problem:
    position, duplicate_of, kind, detail, near = row
    split, path = positions[position]
    duplicate_split, duplicate_path = (None, None) if duplicate_of is None else positions[duplicate_of]
    return Problem(
        path=path,
        split=split,
        kind=kind,
        detail=detail,
        duplicate_of=duplicate_path,
        duplicate_split=duplicate_split,
        near=near,
    )


def _positions(splits: Splits) -> Places:
    return [(name, path) for name, files in splits.items() for path in files.paths]


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
