"""Folders as a scan sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnn_core.datasets.scan.scan import scan
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits


def read(folder: Path) -> Splits:
    return read_splits(DataSource(folders=(str(folder),)))


def found(folder: Path, cache: Path | None = None, **options: Any) -> list[tuple[str, str, str]]:
    """Split, class/name and kind of every problem."""
    report = scan(read(folder), folder.parent / "cache" if cache is None else cache, **options)
    return [(p.split, f"{p.path.parent.name}/{p.path.name}", p.kind) for p in report.problems]
