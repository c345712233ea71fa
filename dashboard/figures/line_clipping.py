"""Lines cut to a picture before they are drawn, so that a far value costs no more than a near one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

FARTHEST_PX = 1e9  # a point beyond is drawn towards there: far enough that no line seen leans otherwise


def places(values: NDArray[np.floating[Any]], start: float, end: float, size_px: int) -> NDArray[np.float64]:
    """Where values lie in a picture.

    Args:
        values: ``(n,)``.
        start, end: the values at 0 and at ``size_px``.
        size_px: of the picture in that direction.

    Returns:
        ``(n,)``, in pixels, at most ``FARTHEST_PX`` away; NaN for what is not finite.
    """
    exact = np.asarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        found = size_px * ((exact - start) / (end - start or 1.0))
    return np.where(np.isfinite(exact), np.clip(found, -FARTHEST_PX, FARTHEST_PX), np.nan)


def inner_pieces(points: Sequence[Point], corner: Point, margin: float) -> list[list[Point]]:
    """The parts of a line that lie in a picture, each point joined to the next.

    Args:
        points: ``(x, y)`` in pixels; one that is not finite makes a gap.
        corner: width and height of the picture, which begins at ``(0, 0)``.
        margin: pixels around the picture that count as inside, as half a thick line may.

    Returns:
        Pieces of at least two points.
    """
    pieces: list[list[Point]] = []
    for start, end in itertools.pairwise(points):
        inside = _inside(start, end, corner, margin)
        if inside is None:
            continue
        if pieces and pieces[-1][-1] == inside[0] == start:
            pieces[-1].append(inside[1])
        else:
            pieces.append(list(inside))
    return pieces


def dashes(points: Sequence[Point], dash: float, pause: float) -> Iterator[tuple[Point, Point]]:
    """The dashes along a line; one goes on around a corner."""
    travelled = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length, at = math.hypot(x1 - x0, y1 - y0), 0.0
        while at < length:
            place = travelled % (dash + pause)
            drawn = place < dash
            step = min(length - at, (dash if drawn else dash + pause) - place + 1e-6)
            ends = [(x0 + (x1 - x0) * s / length, y0 + (y1 - y0) * s / length) for s in (at, at + step)]
            if drawn:
                yield ends[0], ends[1]
            at, travelled = at + step, travelled + step


def _inside(start: Point, end: Point, corner: Point, margin: float) -> tuple[Point, Point] | None:
    """A segment cut to a picture after Liang and Barsky (1984); None if nothing of it is inside."""
    if not all(map(math.isfinite, (*start, *end))):
        return None
    first, last = 0.0, 1.0
    for begin, finish, size in zip(start, end, corner, strict=True):
        if begin == finish:
            if not -margin <= begin <= size + margin:
                return None
            continue
        cuts = sorted((edge - begin) / (finish - begin) for edge in (-margin, size + margin))
        first, last = max(first, cuts[0]), min(last, cuts[1])
    if first > last:
        return None
    return _between(start, end, first), _between(start, end, last)


def _between(start: Point, end: Point, share: float) -> Point:
    if share in (0.0, 1.0):
        return start if share == 0.0 else end
    return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
