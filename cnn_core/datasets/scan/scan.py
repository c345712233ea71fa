"""Look at every picture before training, so that none of them ends a run in epoch 7."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.scan.duplicates import Twins, find_twins
from cnn_core.datasets.scan.inspection import THUMBNAIL_PX, Look, inspect
from cnn_core.datasets.scan.likeness import Twin
from cnn_core.datasets.scan.scan_report import PROBLEM_KINDS, Problem, ScanReport
from cnn_core.datasets.scan.scan_store import read_report, scan_key, write_report
from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, DataError

__all__ = ["PROBLEM_KINDS", "Problem", "ScanReport", "scan", "without_problems"]

MOST_THREADS = 4  # decoding itself runs on one at a time, reading and hashing beside it
GROUP = 16  # pictures looked at without a word in between
GROUPS_AHEAD = 2  # per thread
DECODING_SHARE = 0.95  # of the time, the rest is spent comparing
PRIORITY = ("test", "validation", "training")  # of two alike the one in the earlier of these stays


def scan(
    splits: Splits,
    cache_folder: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    keep_non_rgb: bool = False,
    keep_near_doubles: bool = False,
) -> ScanReport:
    """Find unreadable, truncated, tiny, non-RGB and repeated pictures, within and across splits.

    Every file is decoded. Pictures nearly the same whose classes differ are no problem but doubts, since the
    pixels do not tell which of the two is wrong: both stay. What was found is kept in ``cache_folder`` and
    used again as long as names, sizes and times of change of all files stay the same; a folder that cannot
    be written only costs time, and troubles that may pass are not kept. Nothing is changed or removed.

    Args:
        splits: the pictures of a run.
        cache_folder: made if missing.
        progress: gets the share done, 0..1.
        cancelled: asked for every picture.
        keep_non_rgb: grey, palette, CMYK and transparent pictures are no problem.
        keep_near_doubles: pictures nearly the same are no problem, as a fixed camera takes them; equal ones
            still are.

    Raises:
        Cancelled: as soon as ``cancelled`` says so.
    """
    started = time.perf_counter()
    progress = progress if progress is not None else _no_progress
    cancelled = cancelled if cancelled is not None else _never
    stored = cache_folder / f"scan-{scan_key(splits, keep_non_rgb, keep_near_doubles)}.npz"
    report = read_report(stored, splits)
    if report is None:
        places = [(name, path) for name, files in splits.items() for path in files.paths]
        looks = _all_looks(places, progress, cancelled, keep_non_rgb)
        labels = [label for _, files in splits.items() for label in files.labels]
        twins = _twins(places, looks, None if keep_near_doubles else labels, progress, cancelled)
        report = _reported(splits, places, looks, twins)
        if not report.passing:
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


def _all_looks(
    places: Sequence[tuple[str, Path]],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    keep_non_rgb: bool,
) -> list[Look]:
    looks: list[Look] = []
    with closing(_looks([path for _, path in places], keep_non_rgb)) as coming:
        for look in coming:
            if cancelled():
                raise Cancelled("The scan was stopped.")
            looks.append(look)
            progress(DECODING_SHARE * len(looks) / len(places))
    return looks


def _reported(
    splits: Splits, places: Sequence[tuple[str, Path]], looks: Sequence[Look], twins: Twins
) -> ScanReport:
    found = {
        index: Problem(split=name, path=path, kind=look.kind, detail=look.detail, twin=None)
        for index, ((name, path), look) in enumerate(zip(places, looks, strict=True))
        if look.kind is not None
    }
    for twin in twins.repeated:
        found[twin.index] = _repeated(places, twin)
    sizes = np.array([look.size_px for look in looks], np.int32).reshape(-1, 2)
    ends = np.cumsum([len(files.paths) for _, files in splits.items()])
    return ScanReport(
        problems=tuple(found[index] for index in sorted(found)),
        sizes_px={
            name: part for (name, _), part in zip(splits.items(), np.split(sizes, ends[:-1]), strict=True)
        },
        scanned=len(places),
        seconds=0.0,
        doubts=tuple(_repeated(places, twin) for twin in twins.alike),
        passing=any(look.passing for look in looks),
    )


def _looks(paths: Sequence[Path], keep_non_rgb: bool) -> Generator[Look, None, None]:
    """What each file is, in order; only a few of them are worked on ahead."""
    threads = min(MOST_THREADS, os.cpu_count() or 1)

    def inspected(start: int) -> list[Look]:
        return [inspect(path, keep_non_rgb=keep_non_rgb) for path in paths[start : start + GROUP]]

    pool = ThreadPoolExecutor(threads)
    try:
        waiting: deque[Future[list[Look]]] = deque()
        for start in range(0, len(paths), GROUP):
            waiting.append(pool.submit(inspected, start))
            if len(waiting) > GROUPS_AHEAD * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _twins(
    places: Sequence[tuple[str, Path]],
    looks: Sequence[Look],
    labels: Sequence[int] | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Twins:
    """Pictures that are there twice; without ``labels`` only where their files are equal."""
    thumbnails = np.zeros((len(looks), THUMBNAIL_PX, THUMBNAIL_PX), np.uint8)
    groups: dict[str, list[int]] = {name: [] for name in PRIORITY}
    for index, look in enumerate(looks):
        if look.thumbnail is not None:
            thumbnails[index] = look.thumbnail
            groups[places[index][0]].append(index)
    return find_twins(
        [look.content_key for look in looks],
        None if labels is None else thumbnails,
        list(groups.values()),
        labels if labels is not None else (),
        progress=lambda share: progress(DECODING_SHARE + (1 - DECODING_SHARE) * share),
        cancelled=cancelled,
    )


def _repeated(places: Sequence[tuple[str, Path]], twin: Twin) -> Problem:
    (split, path), (kept_split, kept) = places[twin.index], places[twin.kept]
    likeness = "The same picture as" if twin.rmse is None else "Nearly the same picture as"
    mirrored = ", mirrored" if twin.mirrored else ""
    difference = "" if twin.rmse is None else f" (difference {twin.rmse:.1f} of 255{mirrored})"
    other_class = "" if path.parent.name == kept.parent.name else " Its class is another one: check both."
    return Problem(
        split=split,
        path=path,
        kind="duplicate" if split == kept_split else "leakage",
        detail=f"{likeness} {kept.parent.name}/{kept.name} in {kept_split}{difference}.{other_class}",
        twin=kept,
        twin_split=kept_split,
        near=twin.rmse is not None,
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
        advice += "; to keep those nearly alike, switch Leave out near doubles off (--keep-near-doubles)"
    return (
        f"Expected usable pictures of {class_name} in {split}. Received: none; the scan found {counts}. "
        f"{advice}."
    )


def _no_progress(fraction: float) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False
