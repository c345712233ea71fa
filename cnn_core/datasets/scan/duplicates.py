"""Pictures that are there twice: byte for byte, encoded anew, resized or mirrored.

Two pictures count as one when their 32x32 grey thumbnails, one of them mirrored or not, differ by less
than 4 of 255 in the root mean square. All pairs are compared by matrix products,
``|a - b|^2 = |a|^2 + |b|^2 - 2 a.b``, a block of pictures at a time. Since the mean brightness of such a
pair differs by less than 4 as well, only pictures of similar brightness have to meet.

Pictures with little contrast differ little from each other although they may show different things, so the
limit falls to a quarter of the contrast there. A flat picture, all black or of one colour, has no near
duplicate; it is only compared as a whole.

A fixed camera takes pictures nearly alike of different things, so two of different classes are never taken
for each other unless their files are equal: such pairs are told apart, as label conflicts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.scan.inspection import FLAT_CONTRAST
from cnn_core.progress import SILENT, Progress

NEAR_RMSE = 4.0  # of 255; found on cats_and_dogs_filtered: copies are below 4, the nearest others at 17
LIMIT_PER_CONTRAST = 0.25
MIDDLE_GREY = 128
ROWS, COLUMNS = 256, 4096  # of one matrix product: 4 MB of float32
STATISTICS_ROWS = 2048
FLOAT32_SLACK = 16.0  # rounding of sums up to 2^26

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A picture like one that is there already.

    Attributes:
        index: of the later picture, which is left out if they count as one.
        kept: index of the one that stays.
        rmse: of the two grey thumbnails, 0..255; None where the files or their pixels are equal.
        mirrored: whether one of them had to be mirrored.
    """

    index: int
    kept: int
    rmse: float | None
    mirrored: bool


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What there is twice.

    Attributes:
        repeated: pictures to leave out.
        conflicts: pictures with a near duplicate of another class, which both stay; each at most once.
    """

    repeated: tuple[Duplicate, ...] = ()
    conflicts: tuple[Duplicate, ...] = ()


def find_duplicates(
    content_keys: Sequence[bytes],
    thumbnails: NDArray[np.uint8] | None,
    groups: Sequence[Sequence[int]],
    labels: Sequence[int],
    progress: Progress = SILENT,
) -> Duplicates:
    """Every picture that repeats one of an earlier group, or an earlier one of its own.

    Args:
        content_keys: equal where two files are equal.
        thumbnails: ``(n, 32, 32)``, uint8, grey; None compares the keys alone.
        groups: indices of the pictures to compare; those of earlier groups stay when pictures of two groups
            are near duplicates.
        labels: class of each picture.
        progress: told the share done, 0..1.

    Raises:
        Cancelled: nobody waits for it any longer.
    """
    first: dict[bytes, int] = {}
    equal: list[Duplicate] = []
    unique: list[Indices] = []
    for group in groups:
        kept = {index: first.setdefault(content_keys[index], index) for index in group}
        equal += [Duplicate(index, stays, None, False) for index, stays in kept.items() if index != stays]
        unique.append(np.array([index for index, stays in kept.items() if index == stays], np.intp))
    if thumbnails is None:
        return Duplicates(tuple(equal))
    search = _Search(_Thumbnails(thumbnails), np.asarray(labels, np.intp))
    search.run(unique, progress)
    return Duplicates((*equal, *search.repeated), search.nearest_conflicts())


@dataclass(slots=True)
class _Search:
    """Goes through each group by brightness, comparing with the pictures kept so far."""

    pictures: _Thumbnails
    labels: Indices
    repeated: list[Duplicate] = field(default_factory=list)
    conflicts: list[Duplicate] = field(default_factory=list)

    def run(self, groups: Sequence[Indices], progress: Progress) -> None:
        mean = self.pictures.mean
        kept: list[Indices] = []  # of each group those that stay, by brightness
        done, total = 0, max(1, sum(map(len, groups)))
        for group in groups:
            ordered = group[self.pictures.contrast[group] >= FLAT_CONTRAST]
            ordered = ordered[np.argsort(mean[ordered], kind="stable")]
            kept.append(np.empty(0, np.intp))
            for start in range(0, len(ordered), ROWS):
                progress((done + start) / total)
                rows = ordered[start : start + ROWS]
                for earlier in kept:
                    rows = self._without_duplicates(rows, self._of_similar_brightness(rows, earlier))
                rows = self._without_duplicates(np.sort(rows))
                kept[-1] = np.concatenate([kept[-1], rows[np.argsort(mean[rows], kind="stable")]])
            done += len(group)
        progress(1.0)

    def nearest_conflicts(self) -> tuple[Duplicate, ...]:
        """One pair at most for each picture that stays."""
        nearest = {pair.index: pair for pair in sorted(self.conflicts, key=_distance, reverse=True)}
        gone = {pair.index for pair in self.repeated}
        return tuple(nearest[index] for index in sorted(nearest) if index not in gone)

    def _of_similar_brightness(self, rows: Indices, kept: Indices) -> Indices:
        if len(rows) == 0:
            return kept[:0]
        brightness, mean = self.pictures.mean[kept], self.pictures.mean[rows]
        low = np.searchsorted(brightness, mean.min() - NEAR_RMSE)
        return kept[low : np.searchsorted(brightness, mean.max() + NEAR_RMSE, side="right")]

    def _without_duplicates(self, rows: Indices, others: Indices | None = None) -> Indices:
        """Note which of ``rows`` are near one of ``others``, else of themselves; what is left of them."""
        pairs = self.pictures.near_pairs(rows, rows if others is None else others)
        if others is None:
            pairs = [pair for pair in pairs if pair.kept < pair.index]
        gone: set[int] = set()
        pairs.sort(key=lambda pair: (pair.index, pair.rmse))
        for index, candidates in itertools.groupby(pairs, key=lambda pair: pair.index):
            left = [pair for pair in candidates if pair.kept not in gone]
            same = [pair for pair in left if self.labels[pair.kept] == self.labels[index]]
            other = [pair for pair in left if self.labels[pair.kept] != self.labels[index]]
            self.repeated += same[:1]
            self.conflicts += other[:1]
            if same:
                gone.add(index)
        return np.setdiff1d(rows, np.array([*gone], np.intp), assume_unique=True)


def _distance(pair: Duplicate) -> float:
    return pair.rmse if pair.rmse is not None else 0.0


class _Thumbnails:
    """Grey thumbnails as vectors, with what decides whether two of them can be near."""

    def __init__(self, thumbnails: NDArray[np.uint8]) -> None:
        self._pixels = thumbnails
        self._count = count = thumbnails.shape[1] * thumbnails.shape[2]
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

    def near_pairs(self, rows: Indices, columns: Indices) -> list[Duplicate]:
        """Every one of ``rows`` with every one of ``columns`` that is near it.

        The products are exact: each is a whole number of at most 1024 * 128^2 = 2^24, which float32 holds.
        """
        found: list[Duplicate] = []
        for start in range(0, len(columns), COLUMNS):
            part = columns[start : start + COLUMNS]
            right = self._vectors(part).T
            plain, flipped = self._vectors(rows) @ right, self._vectors(rows, flip=True) @ right
            at = self._with_near_ones(rows, part, np.maximum(plain, flipped))
            products = np.maximum(plain[at], flipped[at])  # (few rows, columns)
            squared = self._squares[rows[at]][:, None] + self._squares[part] - 2.0 * products
            near = np.argwhere(squared < np.minimum(self._limits[rows[at]][:, None], self._limits[part]))
            found += [
                Duplicate(
                    int(rows[at[row]]),
                    int(part[column]),
                    float(np.sqrt(squared[row, column] / self._count)),
                    bool(flipped[at[row], column] > plain[at[row], column]),
                )
                for row, column in near
            ]
        return found

    def _with_near_ones(self, rows: Indices, columns: Indices, products: NDArray[np.float32]) -> Indices:
        """Positions of the few rows that may have a near one: quick, and never too few."""
        rest = self._squares[columns].astype(np.float32) - 2 * products
        return np.flatnonzero(rest.min(1) < self._limits[rows] - self._squares[rows] + FLOAT32_SLACK)

    def _vectors(self, indices: Indices, *, flip: bool = False) -> NDArray[np.float32]:
        pixels = self._pixels[indices]
        chosen = (pixels[:, :, ::-1] if flip else pixels).reshape(len(indices), self._count)
        return chosen.astype(np.float32) - np.float32(MIDDLE_GREY)
