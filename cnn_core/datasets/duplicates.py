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

from cnn_core.datasets.inspection import FLAT_CONTRAST
from cnn_core.errors import Cancelled

NEAR_RMSE = 4.0  # of 255; found on cats_and_dogs_filtered: copies are below 4, the nearest others at 17
LIMIT_PER_CONTRAST = 0.25
MIDDLE_GREY = 128
ROWS, COLUMNS = 256, 4096  # of one matrix product: 4 MB of float32
STATISTICS_ROWS = 2048
FLOAT32_SLACK = 16.0  # rounding of sums up to 2^26

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Twin:
    """A picture that is there already.

    Attributes:
        index: of the picture to leave out.
        kept: index of the one that stays.
        rmse: of the two grey thumbnails, 0..255; None where the files or their pixels are equal.
        mirrored: whether one of them had to be mirrored.
    """

    index: int
    kept: int
    rmse: float | None
    mirrored: bool


@dataclass(frozen=True, slots=True)
class Twins:
    """What there is twice.

    Attributes:
        repeated: pictures to leave out.
        alike: pictures with a near one of another class, which both stay; each at most once.
    """

    repeated: tuple[Twin, ...] = ()
    alike: tuple[Twin, ...] = ()


class _Thumbnails:
    """Grey thumbnails as vectors, with what decides whether two of them can be near."""

    def __init__(self, thumbnails: NDArray[np.uint8], labels: Indices) -> None:
        self._pixels, self.labels = thumbnails, labels
        self.pixels_each = count = thumbnails.shape[1] * thumbnails.shape[2]
        flat = thumbnails.reshape(len(thumbnails), count)  # (n, 1024)
        sums, squares = np.zeros((2, len(thumbnails)))
        for start in range(0, len(thumbnails), STATISTICS_ROWS):
            rows = slice(start, start + STATISTICS_ROWS)
            values = flat[rows].astype(np.float64) - MIDDLE_GREY
            sums[rows], squares[rows] = values.sum(1), (values**2).sum(1)
        self.mean = sums / count
        self.contrast = np.sqrt(np.maximum(squares / count - self.mean**2, 0))
        self._squares = squares
        self._limits = count * np.minimum(NEAR_RMSE, LIMIT_PER_CONTRAST * self.contrast) ** 2

    def nearest(self, rows: Indices, columns: Indices) -> tuple[list[Twin], list[Twin]]:
        """For each of ``rows`` the nearest of ``columns``, of its own class and of another one."""
        own, other = _Nearest(len(rows)), _Nearest(len(rows))
        for start in range(0, len(columns), COLUMNS):
            part = columns[start : start + COLUMNS]
            plain, flipped = self._products(rows, part)
            at = self._with_near_ones(rows, part, np.maximum(plain, flipped))
            if len(at) == 0:
                continue
            squared = self._squared(rows[at], part, np.maximum(plain[at], flipped[at]))
            mirrored = flipped[at] > plain[at]
            same = self.labels[rows[at]][:, None] == self.labels[part]
            own.take(at, part, np.where(same, squared, np.inf), mirrored)
            other.take(at, part, np.where(same, np.inf, squared), mirrored)
        return own.twins(rows, self.pixels_each), other.twins(rows, self.pixels_each)

    def among(self, rows: Indices) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Squared distance of every two of ``rows``, infinite where they are not near, and mirrored."""
        plain, flipped = self._products(rows, rows)
        return self._squared(rows, rows, np.maximum(plain, flipped)), flipped > plain

    def _products(self, rows: Indices, columns: Indices) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """``(rows, columns)`` scalar products with the pictures as they are, and with the rows mirrored.

        Exact: every sum is a whole number of at most 1024 * 128^2 = 2^24, which float32 holds.
        """
        right = self._vectors(columns).T
        return self._vectors(rows) @ right, self._vectors(rows, flip=True) @ right

    def _with_near_ones(
        self, rows: Indices, columns: Indices, products: NDArray[np.float32]
    ) -> NDArray[np.intp]:
        """Positions of the few rows that may have a near one: quick, and never too few."""
        rest = self._squares[columns].astype(np.float32) - 2 * products
        bound = self._limits[rows] - self._squares[rows] + FLOAT32_SLACK
        return np.flatnonzero(rest.min(1) < bound)

    def _squared(self, rows: Indices, columns: Indices, products: NDArray[np.float32]) -> NDArray[np.float64]:
        squared = self._squares[rows][:, None] + self._squares[columns] - 2.0 * products
        limit = np.minimum(self._limits[rows][:, None], self._limits[columns])
        return np.where(squared < limit, squared, np.inf)

    def _vectors(self, indices: Indices, *, flip: bool = False) -> NDArray[np.float32]:
        pixels = self._pixels[indices]
        chosen = (pixels[:, :, ::-1] if flip else pixels).reshape(len(indices), self.pixels_each)
        return chosen.astype(np.float32) - np.float32(MIDDLE_GREY)


class _Nearest:
    """The nearest picture found so far, per row."""

    def __init__(self, count: int) -> None:
        self._index = np.full(count, -1)
        self._squared = np.full(count, np.inf)
        self._mirrored = np.zeros(count, bool)

    def take(
        self, at: Indices, part: Indices, squared: NDArray[np.float64], mirrored: NDArray[np.bool_]
    ) -> None:
        """Keep what is nearer: ``squared`` distances ``(len(at), len(part))`` of the rows ``at``."""
        position = squared.argmin(1)
        found = squared[np.arange(len(at)), position]
        better = np.flatnonzero(found < self._squared[at])
        rows, position = at[better], position[better]
        self._index[rows], self._squared[rows] = part[position], found[better]
        self._mirrored[rows] = mirrored[better, position]

    def twins(self, rows: Indices, pixels_each: int) -> list[Twin]:
        """Those of ``rows`` that have a near one."""
        rmse = np.sqrt(self._squared / pixels_each)
        return [
            Twin(int(rows[row]), int(self._index[row]), float(rmse[row]), bool(self._mirrored[row]))
            for row in np.flatnonzero(self._index >= 0)
        ]


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
    pictures = _Thumbnails(thumbnails, np.asarray(labels, np.intp))
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
    pictures: _Thumbnails,
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


def _twins_on(pictures: _Thumbnails, rows: Indices, shelf: Indices) -> tuple[list[Twin], list[Twin]]:
    """Twins of ``rows`` among pictures sorted by brightness, of their own class and of others."""
    if len(rows) == 0 or len(shelf) == 0:
        return [], []
    brightness = pictures.mean[shelf]
    low = np.searchsorted(brightness, pictures.mean[rows].min() - NEAR_RMSE)
    high = np.searchsorted(brightness, pictures.mean[rows].max() + NEAR_RMSE, side="right")
    return pictures.nearest(rows, shelf[low:high])


def _twins_within(pictures: _Thumbnails, rows: Indices) -> tuple[list[Twin], list[Twin]]:
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
