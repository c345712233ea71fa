"""Which of many small grey pictures are nearly the same, by matrix products of a block at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR_RMSE = 4.0  # of 255; found on cats_and_dogs_filtered: copies are below 4, the nearest others at 17
LIMIT_PER_CONTRAST = 0.25
MIDDLE_GREY = 128
COLUMNS = 4096  # of one matrix product; with 256 rows 4 MB of float32
STATISTICS_ROWS = 2048
FLOAT32_SLACK = 16.0  # rounding of sums up to 2^26

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Twin:
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


class Thumbnails:
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
