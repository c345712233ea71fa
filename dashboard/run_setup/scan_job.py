"""The scan of the chosen data as a job, and what it leaves to train on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cnn_core import paths
from cnn_core.datasets.scan.scan import ScanReport, scan, without_problems
from cnn_core.datasets.splits import Splits
from dashboard.session.resources import data_jobs
from dashboard.widgets.job_view import result_or_progress

if TYPE_CHECKING:
    from cnn_core.datasets.source import DataSource


def left_of(source: DataSource, splits: Splits) -> Splits:
    """What a run will train on, as far as the scan of these files is known; else all of them.

    Raises:
        DataError: a class has no usable picture.
    """
    job = data_jobs().find(scan_key(source, splits))
    return without_problems(splits, job.result) if job and isinstance(job.result, ScanReport) else splits


def scan_key(source: DataSource, splits: Splits) -> str:
    """Of the job that scans these files; differs when a file or a setting does."""
    prints = [files.fingerprint() for _, files in splits.items()]
    return json.dumps(["scan", source.to_json(), prints])


def scan_report(source: DataSource, splits: Splits) -> ScanReport | None:
    """What the scan found; while it goes on its progress is drawn and None comes back."""

    def work(progress: Any, cancelled: Any) -> object:
        return scan(
            splits,
            paths.cache_folder() / "scans",
            progress=progress,
            cancelled=cancelled,
            keep_non_rgb=source.keep_non_rgb,
            keep_near_doubles=source.keep_near_doubles,
        )

    key = scan_key(source, splits)
    count = sum(len(files.paths) for _, files in splits.items())
    doing = f"Looking into {count:,} files"
    return result_or_progress("scan", key, doing, work, ScanReport, jobs=data_jobs())
