"""Pictures that are there twice: byte for byte, encoded anew, resized or mirrored.

Two pictures count as one when their 32x32 grey thumbnails, one of them mirrored or not, differ by less
than 4 of 255 in the root mean square. All pairs are compared by matrix products,
``|a - b|^2 = |a|^2 + |b|^2 - 2 a.b``, a block of pictures at a time. Since the mean brightness of such a
pair differs by less than 4 as well, only pictures of similar brightness have to meet.

Pictures with little contrast differ little from each other although they may show different things, so the
limit falls to a quarter of the contrast there. A flat picture, all black or of one colour, has no near
duplicate; it is only compared as a whole.

A fixed camera takes pictures nearly alike of different things, so two of different classes are never taken
for each other unless their files are equal: such pairs are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.scan.inspection import FLAT_CONTRAST
from cnn_core.datasets.scan.likeness import NEAR_RMSE, Indices, Thumbnails, Twin
from cnn_core.errors import Cancelled

ROWS = 256  # of one matrix product


@dataclass(frozen=True, slots=True)
class Twins:
    """What there is twice.

    Attributes:
        repeated: pictures to leave out.
        alike: pictures with a near one of another class, which both stay; each at most once.
    """

    repeated: tuple[Twin, ...] = ()
    alike: tuple[Twin, ...] = ()


def find_twins(
    content_keys: Sequence[bytes],
    thumbnails: NDArray[np.uint8] | None,
    groups: Sequence[Sequence[int]],
    labels: Sequence[int],
    *,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Twins:
    """Every picture that repeats one of an earlier group, or an earlier one of its own.

    Args:
        content_keys: equal where two files are equal.
        thumbnails: ``(n, 32, 32)``, uint8, grey; None compares the keys alone.
        groups: indices of the pictures to compare; those of earlier groups stay when pictures of two groups
            are alike.
        labels: class of each picture.
        progress: gets the share done, 0..1.
        cancelled: asked for every block.

    Raises:
        Cancelled: as soon as ``cancelled`` says so.
    """
    first: dict[bytes, int] = {}
    twins: list[Twin] = []
    unique: list[Indices] = []
    for group in groups:
        fresh = []
        for index in group:
            kept = first.setdefault(content_keys[index], index)
            if kept == index:
                fresh.append(index)
            else:
                twins.append(Twin(index, kept, None, False))
        unique.append(np.array(fresh, np.intp))
    if thumbnails is None:
        return Twins(tuple(twins))
    pictures = Thumbnails(thumbnails, np.asarray(labels, np.intp))
    near, alike = _near_twins(pictures, unique, progress, cancelled)
    return Twins((*twins, *near), _nearest_of_those_kept(alike, near))


def _nearest_of_those_kept(alike: list[Twin], near: list[Twin]) -> tuple[Twin, ...]:
    """One pair at most for each picture that stays."""
    gone = {twin.index for twin in near}
    nearest: dict[int, Twin] = {}
    for twin in alike:
        before = nearest.get(twin.index)
        if twin.index not in gone and (before is None or (twin.rmse or 0) < (before.rmse or 0)):
            nearest[twin.index] = twin
    return tuple(nearest[index] for index in sorted(nearest))


def _near_twins(
    pictures: Thumbnails,
    groups: list[Indices],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> tuple[list[Twin], list[Twin]]:
    """Go through each group by brightness, comparing with those kept so far.

    Returns:
        Those that repeat one of their own class, and those that are near one of another class.
    """
    twins: list[Twin] = []
    alike: list[Twin] = []
    shelves: list[Indices] = []  # of each group those that stay, by brightness
    done, total = 0, max(1, sum(map(len, groups)))
    for group in groups:
        rows_left = group[pictures.contrast[group] >= FLAT_CONTRAST]
        rows_left = rows_left[np.argsort(pictures.mean[rows_left], kind="stable")]
        shelf = np.empty(0, np.intp)
        for start in range(0, len(rows_left), ROWS):
            if cancelled():
                raise Cancelled("Stopped while looking for duplicates.")
            rows = rows_left[start : start + ROWS]
            for earlier in (*shelves, shelf):
                found, others = _twins_on(pictures, rows, earlier)
                twins, alike = twins + found, alike + others
                rows = np.setdiff1d(rows, [twin.index for twin in found], assume_unique=True)
            found, others = _twins_within(pictures, np.sort(rows))
            twins, alike = twins + found, alike + others
            rows = np.setdiff1d(rows, [twin.index for twin in found], assume_unique=True)
            shelf = np.concatenate([shelf, rows[np.argsort(pictures.mean[rows], kind="stable")]])
            progress((done + start) / total)
        shelves.append(shelf)
        done += len(group)
    progress(1.0)
    return twins, alike


def _twins_on(pictures: Thumbnails, rows: Indices, shelf: Indices) -> tuple[list[Twin], list[Twin]]:
    """Twins of ``rows`` among pictures sorted by brightness, of their own class and of others."""
    if len(rows) == 0 or len(shelf) == 0:
        return [], []
    brightness = pictures.mean[shelf]
    low = np.searchsorted(brightness, pictures.mean[rows].min() - NEAR_RMSE)
    high = np.searchsorted(brightness, pictures.mean[rows].max() + NEAR_RMSE, side="right")
    return pictures.nearest(rows, shelf[low:high])


def _twins_within(pictures: Thumbnails, rows: Indices) -> tuple[list[Twin], list[Twin]]:
    """Twins among ``rows`` themselves, as of ``_twins_on``; of two alike the earlier one stays."""
    twins: list[Twin] = []
    alike: list[Twin] = []
    near, mirrored = pictures.among(rows)
    same = pictures.labels[rows][:, None] == pictures.labels[rows]
    gone = np.zeros(len(rows), bool)
    for row in np.flatnonzero((np.isfinite(near) & np.tri(len(rows), k=-1, dtype=bool)).any(1)):
        candidates = np.where(gone[:row], np.inf, near[row, :row])
        for found, wanted in ((twins, same[row, :row]), (alike, ~same[row, :row])):
            distances = np.where(wanted, candidates, np.inf)
            kept = int(distances.argmin())
            if np.isfinite(distances[kept]):
                rmse = float(np.sqrt(distances[kept] / pictures.pixels_each))
                found.append(Twin(int(rows[row]), int(rows[kept]), rmse, bool(mirrored[row, kept])))
                gone[row] |= found is twins
    return twins, alike
