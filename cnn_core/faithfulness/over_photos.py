"""Tournaments over many photos: which method is better on average, and how sure that is."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn_core import attribution, open_image
from cnn_core.analysis import Analysis, Request
from cnn_core.datasets.folders import is_picture
from cnn_core.errors import DataError, ImageError, InvalidRequestError, NotFiniteError
from cnn_core.faithfulness.results import CONTROLS, RANDOM, Tournament, TournamentSettings, title_of
from cnn_core.faithfulness.tournament import TOURNAMENT, tournament_of
from cnn_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer

DRAWS = 2000  # of the bootstrap
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoTournaments:
    """The tournaments of several photos.

    Attributes:
        photos: path of each photo.
        classes: name of the class that each was asked about, the model's own answer.
        tournaments: one per photo.
        unread: path and reason of each file that is no usable picture, or whose scores are not finite.
    """

    photos: tuple[str, ...]
    classes: tuple[str, ...]
    tournaments: tuple[Tournament, ...]
    unread: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodMean:
    """How a method did over photos.

    Attributes:
        method: its key.
        mean: of insertion minus deletion, -1 to 1: as a share of the most that hiding parts of a photo does.
        low, high: ends of the 95 % bootstrap confidence interval of that mean; None with one photo.
        above_random: on how many photos it did better than the random map.
        photos: how many photos count.
    """

    method: str
    mean: float
    low: float | None
    high: float | None
    above_random: int
    photos: int


def photos_of(paths: Sequence[Path], limit: int | None = None) -> tuple[Path, ...]:
    """The picture files that are named, and those anywhere in folders that are named, by name.

    Args:
        paths: files and folders.
        limit: at most so many, evenly from all of them, so that every folder has its share.

    Raises:
        DataError: a path that is not there, a limit that is no count, or no picture at all.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DataError(f"Expected a picture or a folder of pictures. Received: {path}. Check the path.")
        found += _pictures_in(path) if path.is_dir() else [path]
    if not found:
        raise DataError(f"Expected pictures. Received: none in {', '.join(map(str, paths))}. Name a folder.")
    if limit is None or limit >= len(found):
        return tuple(found)
    if limit < 1:
        raise DataError(f"Expected a limit of at least 1 photo. Received: {limit}.")
    places = np.linspace(0, len(found) - 1, limit).round().astype(int)
    return tuple(found[place] for place in places)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if is_picture(path.name) and not path.name.startswith(".") and path.is_file()
    )


def methods_named(keys: Sequence[str]) -> tuple[Analysis, ...]:
    """The attribution methods with these keys.

    Raises:
        InvalidRequestError: there is none of that name.
    """
    known = {method.key: method for method in attribution.METHODS}
    wrong = [key for key in keys if key not in known]
    if wrong or not keys:
        raise InvalidRequestError(f"Expected methods of {', '.join(known)}. Received: {wrong or 'none'}.")
    return tuple(known[key] for key in dict.fromkeys(keys))


def tournaments_over(
    explorer: Explorer,
    model_key: str,
    photos: Sequence[Path],
    settings: TournamentSettings,
    methods: Sequence[Analysis] | None = None,
    progress: Progress = SILENT,
) -> PhotoTournaments:
    """A tournament on each of some photos, for the class that the model answers; what is stored is taken.

    Args:
        explorer: models and results.
        model_key: which model.
        photos: picture files; one that cannot be read is left out and named.
        settings: of each tournament.
        methods: that take part; None: those that the settings say.
        progress: told after each photo, with all until then.

    Raises:
        DataError: not one of the files can be read.
        ModelError: no such model.
    """
    analysis = TOURNAMENT if methods is None else tournament_of(methods)
    names = explorer.heads(model_key)[0].class_names
    kept: list[tuple[str, str, Tournament]] = []
    unread: list[tuple[str, str]] = []
    for index, path in enumerate(photos):
        part = progress.part(index, len(photos))
        try:
            request = Request(model_key=model_key, image=open_image(path))
            found: Tournament = explorer.run(analysis, request, settings, _alone(part))
            kept.append((str(path), names[found.class_index], found))
        except (ImageError, NotFiniteError) as error:  # of this photo alone
            unread.append((str(path), str(error)))
        part(1.0, _collected(kept, unread))
    if not kept:
        raise DataError(f"Expected a picture that can be read. Received: {len(unread)} that cannot.")
    return _collected(kept, unread)


def _alone(part: Progress) -> Progress:
    """The progress of one photo, whose own preview is none of all photos."""
    return Progress(tell=lambda share, _: part(share))


def _collected(
    kept: Sequence[tuple[str, str, Tournament]], unread: Sequence[tuple[str, str]]
) -> PhotoTournaments:
    photos, classes, tournaments = zip(*kept, strict=True) if kept else ((), (), ())
    return PhotoTournaments(photos=photos, classes=classes, tournaments=tournaments, unread=tuple(unread))


def method_means(found: PhotoTournaments, seed: int = 0) -> tuple[MethodMean, ...]:
    """How each method did over the photos, the best mean first; without photos on which hiding does nothing.

    Each photo counts alike: insertion minus deletion as a share of the most that hiding parts of it does.

    Args:
        found: the tournaments.
        seed: of the bootstrap, which draws photos.
    """
    shares: dict[str, list[tuple[float, float]]] = {}
    for one in found.tournaments:
        for method in one.methods if one.span is not None else ():
            pair = one.normalized_gap(method), one.normalized_gap(RANDOM)
            shares.setdefault(method, []).append((pair[0] or 0.0, pair[1] or 0.0))
    means = [_mean(method, np.asarray(pairs, np.float64), seed) for method, pairs in shares.items()]
    return tuple(sorted(means, key=lambda each: -each.mean))


def _mean(method: str, pairs: NDArray[np.float64], seed: int) -> MethodMean:
    values = pairs[:, 0]
    low, high = bootstrap_interval(values, seed) if len(values) > 1 else (None, None)
    return MethodMean(
        method=method,
        mean=float(values.mean()),
        low=low,
        high=high,
        above_random=int((values > pairs[:, 1]).sum()),
        photos=len(values),
    )


def bootstrap_interval(values: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Ends of the 95 % confidence interval of the mean of ``values`` ``(n,)``, by percentiles.

    Reference:
        Efron and Tibshirani (1993). With few photos it is too narrow.
    """
    random = np.random.default_rng(seed)
    means = values[random.integers(0, len(values), (DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


COLUMNS = (
    "photo",
    "class",
    "method",
    "title",
    "control",
    "rank",
    "insertion_minus_deletion_logit",
    "insertion_minus_deletion_share",
    "insertion_area_logit",
    "deletion_area_logit",
    "insertion_area_probability",
    "deletion_area_probability",
    "weights_shuffled_correlation",
    "seconds",
)


def tournaments_csv(found: PhotoTournaments) -> str:
    """A line per photo and map; a figure that was not measured is empty."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for photo, name, one in zip(found.photos, found.classes, found.tournaments, strict=True):
        for place, method in enumerate(one.methods):
            lines.writerow((photo, name, *_line(one, place, method)))
    return text.getvalue()


def _line(one: Tournament, place: int, method: str) -> tuple[object, ...]:
    own, shuffled = method not in CONTROLS, one.shuffled[place]
    deletion, insertion = one.probability_areas(method)
    share = one.normalized_gap(method)
    return (
        method,
        title_of(method),
        int(not own),
        place + 1,
        float(one.gap[place]),
        "" if share is None else share,
        float(one.insertion[place]),
        float(one.deletion[place]),
        insertion,
        deletion,
        float(shuffled[-1]) if own and len(shuffled) else "",
        one.seconds[place] if own else "",
    )
