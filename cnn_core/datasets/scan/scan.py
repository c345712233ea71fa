"""Look at every picture before training, so that none of them ends a run in epoch 7."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.scan.duplicates import Duplicate, Duplicates, find_duplicates
from cnn_core.datasets.scan.inspection import THUMBNAIL_PX, FileInspection, inspect
from cnn_core.datasets.scan.scan_report import PROBLEM_KINDS, Problem, ScanReport
from cnn_core.datasets.scan.scan_store import read_report, scan_key, write_report
from cnn_core.datasets.splits import Splits
from cnn_core.errors import DataError
from cnn_core.progress import SILENT, Progress

__all__ = ["PROBLEM_KINDS", "Problem", "ScanReport", "scan", "without_problems"]

MOST_THREADS = 4  # decoding itself runs on one at a time, reading and hashing beside it
GROUP = 16  # pictures looked at without a word in between
DECODING_SHARE = 0.95  # of the time, the rest is spent comparing
PRIORITY = ("test", "validation", "training")  # of two alike the one in the earlier of these stays


def scan(
    splits: Splits,
    cache_folder: Path,
    *,
    progress: Progress = SILENT,
    keep_non_rgb: bool = False,
    keep_near_duplicates: bool = False,
) -> ScanReport:
    """Find unreadable, truncated, tiny, non-RGB and repeated pictures, within and across splits.

    Every file is decoded. Pictures nearly the same whose classes differ are no problem but doubts, since the
    pixels do not tell which of the two is wrong: both stay. What was found is kept in ``cache_folder`` and
    used again as long as names, sizes and times of change of all files stay the same; a folder that cannot
    be written only costs time, and troubles that may pass are not kept. Nothing is changed or removed.

    Args:
        splits: the pictures of a run.
        cache_folder: made if missing.
        progress: told the share done, 0..1, for every picture.
        keep_non_rgb: grey, palette, CMYK and transparent pictures are no problem.
        keep_near_duplicates: pictures nearly the same are no problem, as a fixed camera takes them; equal
            ones still are.

    Raises:
        Cancelled: nobody waits for it any longer.
    """
    started = time.perf_counter()
    stored = cache_folder / f"scan-{scan_key(splits, keep_non_rgb, keep_near_duplicates)}.json"
    report = read_report(stored, splits)
    if report is None:
        positions = [(name, path) for name, files in splits.items() for path in files.paths]
        inspections = _inspections(
            [path for _, path in positions], keep_non_rgb, progress.between(0, DECODING_SHARE)
        )
        labels = [label for _, files in splits.items() for label in files.labels]
        comparing = progress.between(DECODING_SHARE, 1)
        duplicates = _duplicates(positions, inspections, None if keep_near_duplicates else labels, comparing)
        report = _reported(splits, positions, inspections, duplicates)
        if not report.transient:
            with suppress(OSError):  # without it the next scan takes as long as this one
                write_report(stored, splits, report)
    progress(1.0)
    return replace(report, seconds=time.perf_counter() - started)


def without_problems(splits: Splits, report: ScanReport) -> Splits:
    """The pictures that nothing was found against.

    Of two pictures alike one stays; across splits it is the one in test or validation.

    Raises:
        DataError: a class of a split has no picture left.
    """
    listed = {(problem.split, problem.path) for problem in report.problems}
    left: dict[str, LabelledFiles] = {}
    for name, files in splits.items():
        left[name] = files.chosen([i for i, path in enumerate(files.paths) if (name, path) not in listed])
        for class_name, count in left[name].counts().items():
            if count == 0:
                raise DataError(_nothing_left(name, class_name, report))
    return replace(splits, training=left["training"], validation=left["validation"], test=left.get("test"))


def _reported(
    splits: Splits,
    positions: Sequence[tuple[str, Path]],
    inspections: Sequence[FileInspection],
    duplicates: Duplicates,
) -> ScanReport:
    found = {
        index: Problem(split=name, path=path, kind=look.kind, detail=look.detail, duplicate_of=None)
        for index, ((name, path), look) in enumerate(zip(positions, inspections, strict=True))
        if look.kind is not None
    }
    for pair in duplicates.repeated:
        found[pair.index] = _repeated(positions, pair)
    sizes = np.array([look.size_px for look in inspections], np.int32).reshape(-1, 2)
    ends = np.cumsum([len(files.paths) for _, files in splits.items()])
    return ScanReport(
        problems=tuple(found[index] for index in sorted(found)),
        sizes_px={
            name: part for (name, _), part in zip(splits.items(), np.split(sizes, ends[:-1]), strict=True)
        },
        scanned=len(positions),
        seconds=0.0,
        label_conflicts=tuple(_repeated(positions, pair) for pair in duplicates.conflicts),
        transient=any(look.transient for look in inspections),
    )


def _inspections(paths: Sequence[Path], keep_non_rgb: bool, progress: Progress) -> list[FileInspection]:
    """What each file is, in order."""

    def inspected(start: int) -> list[FileInspection]:
        return [inspect(path, keep_non_rgb=keep_non_rgb) for path in paths[start : start + GROUP]]

    inspections: list[FileInspection] = []
    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1))
    try:
        for group in pool.map(inspected, range(0, len(paths), GROUP)):
            for look in group:
                inspections.append(look)
                progress(len(inspections) / len(paths))
    finally:
        pool.shutdown(cancel_futures=True)
    return inspections


def _duplicates(
    positions: Sequence[tuple[str, Path]],
    inspections: Sequence[FileInspection],
    labels: Sequence[int] | None,
    progress: Progress,
) -> Duplicates:
    """Pictures that are there twice; without ``labels`` only where their files are equal."""
    thumbnails = np.zeros((len(inspections), THUMBNAIL_PX, THUMBNAIL_PX), np.uint8)
    groups: dict[str, list[int]] = {name: [] for name in PRIORITY}
    for index, look in enumerate(inspections):
        if look.thumbnail is not None:
            thumbnails[index] = look.thumbnail
            groups[positions[index][0]].append(index)
    return find_duplicates(
        [look.content_key for look in inspections],
        None if labels is None else thumbnails,
        list(groups.values()),
        labels if labels is not None else (),
        progress,
    )


def _repeated(positions: Sequence[tuple[str, Path]], pair: Duplicate) -> Problem:
    (split, path), (kept_split, kept) = positions[pair.index], positions[pair.kept]
    likeness = "The same picture as" if pair.rmse is None else "Nearly the same picture as"
    mirrored = ", mirrored" if pair.mirrored else ""
    difference = "" if pair.rmse is None else f" (difference {pair.rmse:.1f} of 255{mirrored})"
    other_class = "" if path.parent.name == kept.parent.name else " Its class is another one: check both."
    return Problem(
        split=split,
        path=path,
        kind="duplicate" if split == kept_split else "leakage",
        detail=f"{likeness} {kept.parent.name}/{kept.name} in {kept_split}{difference}.{other_class}",
        duplicate_of=kept,
        duplicate_split=kept_split,
        near=pair.rmse is not None,
    )


def _nothing_left(split: str, class_name: str, report: ScanReport) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in report.counts().items() if count > 0)
    mine = [p for p in report.problems if p.split == split and p.path.parent.name == class_name]
    advice = "Add other pictures"
    if any(problem.kind == "non_rgb" for problem in mine):
        advice += (
            "; to keep those that are not RGB, switch Keep pictures that are not RGB on (--keep-non-rgb)"
        )
    if any(problem.near for problem in mine):
        advice += (
            "; to keep those nearly alike, switch Leave out near-duplicates off (--keep-near-duplicates)"
        )
    return (
        f"Expected usable pictures of {class_name} in {split}. Received: none; the scan found {counts}. "
        f"{advice}."
    )
