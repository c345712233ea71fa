"""The scan of the chosen data as a job, and what it leaves to train on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cnn_core import paths
from cnn_core.datasets.scan.scan import ScanReport, scan, without_problems
from cnn_core.datasets.splits import Splits
from cnn_core.progress import Progress
from cnn_core.settings import settings_to_json
from dashboard.session.resources import data_jobs
from dashboard.widgets.job_view import Task, result_or_progress

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
    return json.dumps(["scan", settings_to_json(source), prints])


def scan_report(source: DataSource, splits: Splits) -> ScanReport | None:
    """What the scan found; while it goes on its progress is drawn and None comes back."""

    def work(progress: Progress) -> object:
        return scan(
            splits,
            paths.cache_folder() / "scans",
            progress=progress,
            keep_non_rgb=source.keep_non_rgb,
            keep_near_duplicates=source.keep_near_duplicates,
        )

    count = sum(len(files.paths) for _, files in splits.items())
    return result_or_progress(
        Task(
            slot="scan",
            key=scan_key(source, splits),
            doing=f"Looking into {count:,} files",
            work=work,
            result=ScanReport,
            jobs=data_jobs(),
            stays=True,
        )
    )
