"""A tournament of the attribution methods on one picture: whose map names what the answer rests on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cnn_core import attribution
from cnn_core.analysis import Analysis, Target
from cnn_core.attribution.masking import MaskedPicture, fill
from cnn_core.errors import Cancelled, ConvscopeError
from cnn_core.faithfulness.agreement import agreement, rank_correlation
from cnn_core.faithfulness.deletion_insertion import Curves, area, curves, ranking
from cnn_core.faithfulness.lead import displaced, lead
from cnn_core.faithfulness.results import CONTROLS, EDGES, RANDOM, Tournament, TournamentSettings, title_of
from cnn_core.faithfulness.weight_randomization import STAGES, RandomizedCopy
from cnn_core.images.fitted_map import fit_to_image
from cnn_core.probe.probe import Probe
from cnn_core.progress import Progress
from cnn_core.results import AttributionMap

__all__ = ["CONTROLS", "TOURNAMENT", "Tournament", "TournamentSettings", "title_of", "tournament_of"]

Float = NDArray[np.float32]

RANDOM_MAPS = 5  # of which the median counts
DISPLACED = 20  # copies of the best map that are laid elsewhere


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    method: str
    seconds: float
    values: Float  # (H, W)
    curves: Curves
    shuffled: tuple[float, ...]

    @property
    def gap(self) -> float:
        return area(self.curves.logits[1]) - area(self.curves.logits[0])


def tournament(probe: Probe, target: Target, settings: TournamentSettings, progress: Progress) -> Tournament:
    """Delete and insert the pixels in the order of each map, shuffle the weights, compare the maps.

    Beside the methods stand a random map and an edge detector, which know nothing of the network: a map that
    is no better than these says nothing about this answer. The best of many maps leads by chance too, so its
    own map, laid elsewhere on the photo, is put to the same test. All maps are stretched over the picture
    first; signed ones rank by what speaks for the class. The weights are shuffled in a copy of the network.

    Args:
        probe: the model; left as it is.
        target: picture and class; methods of a layer take the one before the last pooling.
        settings: who takes part, and how it is measured.
        progress: told after each map, with the tournament so far.

    Raises:
        InvalidRequestError: no such class.

    Reference:
        Petsiuk et al. (2018), deletion and insertion; Adebayo et al. (2018), shuffled weights and edges.
    """
    return _between(attribution.METHODS, probe, target, settings, progress)


def tournament_of(methods: Sequence[Analysis]) -> Analysis:
    """The tournament of some methods alone; with the setting ``all``, however long they take."""
    key = "_".join((TOURNAMENT.key, "of", *(method.key for method in methods)))
    return replace(TOURNAMENT, key=key, compute=functools.partial(_between, tuple(methods)))


def _between(
    methods: Sequence[Analysis],
    probe: Probe,
    target: Target,
    settings: TournamentSettings,
    progress: Progress,
) -> Tournament:
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill, settings.seed))
    progress = forward_only(progress)
    progress(0.0)
    entries = [_edges(hidden, settings), _random(hidden, settings)]
    left_out: list[tuple[str, str]] = []
    result = functools.partial(_result, target, entries, left_out, (hidden.score, hidden.hidden_score))
    copy = RandomizedCopy(probe, settings.seed) if settings.randomization else None
    for index, method in enumerate(methods):
        reason = _why_not(probe, target, method, settings)
        part = progress.part(index, len(methods) + 1)
        if reason is None:
            try:
                entries.append(_entry(hidden, method, settings, copy, part))
            except Cancelled:
                raise
            except ConvscopeError as error:  # of this method alone
                reason = str(error)
        if reason is not None:
            left_out.append((method.title, reason))
        part(1.0, result())
    last = progress.part(len(methods), len(methods) + 1)
    found = result(displaced=_displaced_gaps(hidden, entries, settings, last))
    last(1.0, found)
    return found


def _why_not(probe: Probe, target: Target, method: Analysis, settings: TournamentSettings) -> str | None:
    takes_long = method.fast or any(field.name == "steps" for field in fields(method.settings))
    if takes_long and settings.methods == "quick":
        return "Takes many samples: choose all methods."
    return method.inapplicable(probe.outline, target.head)


def _entry(
    hidden: MaskedPicture,
    method: Analysis,
    settings: TournamentSettings,
    copy: RandomizedCopy | None,
    progress: Progress,
) -> _Entry:
    settings_of_map = method.settings()

    def map_of(network: Probe, part: Progress) -> Float:
        return map_on_picture(network, hidden.target, method, settings_of_map, part)

    maps = 1 + (0 if copy is None else len(STAGES))
    values, seconds = _timed(lambda: map_of(hidden.probe, progress.part(0, maps)), again=not method.fast)
    shuffled = (
        ()
        if copy is None
        else tuple(
            rank_correlation(values, map_of(copy.at(share), progress.part(stage, maps)))
            for stage, share in enumerate(STAGES, start=1)
        )
    )
    return _entered(hidden, settings, method.key, values, seconds, shuffled)


def _timed(compute: Callable[[], Float], *, again: bool) -> tuple[Float, float]:
    """A map and the seconds that it took, those of a second time if it is computed ``again``."""
    for _ in range(2 if again else 1):  # the first one compiled
        begun = time.perf_counter()
        values = compute()
        seconds = time.perf_counter() - begun
    return values, seconds


def map_on_picture(
    probe: Probe, target: Target, method: Analysis, settings: object, progress: Progress
) -> Float:
    """The map of a method, of its usual layer, stretched over the picture of a target: ``(H, W)``."""
    layer = probe.default_cam_layer(target.head) if method.needs_layer else None
    alone = Progress(tell=lambda share, _: progress(share))  # what a map shows on its way is no tournament
    found = method.compute(probe, replace(target, layer_name=layer), settings, alone)
    return on_picture(found, target)


def forward_only(progress: Progress) -> Progress:
    """A progress that never goes back, for work of which parts are done twice."""
    most = 0.0

    def tell(share: float, preview: object) -> None:
        nonlocal most
        most = max(most, share)
        progress(most, preview)

    return Progress(tell=tell)


def _entered(
    hidden: MaskedPicture,
    settings: TournamentSettings,
    name: str,
    values: Float,
    seconds: float = 0.0,
    shuffled: tuple[float, ...] = (),
) -> _Entry:
    head = hidden.probe.heads[hidden.target.head]
    found = curves(hidden, head, ranking(values, settings.seed), settings.steps)
    same = (1.0,) * len(STAGES) if settings.randomization else ()  # what knows no network does not change
    return _Entry(name, seconds, values, found, shuffled or same)


def _random(hidden: MaskedPicture, settings: TournamentSettings) -> _Entry:
    """Of some random maps the one in the middle."""
    random = np.random.default_rng(settings.seed)
    drawn = [
        _entered(hidden, settings, RANDOM, random.random(hidden.size, np.float32)) for _ in range(RANDOM_MAPS)
    ]
    return sorted(drawn, key=lambda entry: entry.gap)[RANDOM_MAPS // 2]


def _edges(hidden: MaskedPicture, settings: TournamentSettings) -> _Entry:
    light = np.ascontiguousarray(hidden.target.picture[0].mean(axis=-1))
    slopes = [cv2.Sobel(light, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]
    return _entered(hidden, settings, EDGES, np.hypot(*slopes).astype(np.float32))


def _displaced_gaps(
    hidden: MaskedPicture, entries: Sequence[_Entry], settings: TournamentSettings, progress: Progress
) -> Float:
    """What the best method's map reaches laid elsewhere, ``(DISPLACED,)``; nothing without methods."""
    methods = [entry for entry in entries if entry.method not in CONTROLS]
    if not methods:
        return np.zeros(0, np.float32)
    best, gaps = max(methods, key=lambda entry: entry.gap), []
    random = np.random.default_rng(settings.seed)
    for index in range(DISPLACED):
        gaps.append(_entered(hidden, settings, best.method, displaced(best.values, random)).gap)
        progress((index + 1) / (DISPLACED + 1))
    return np.asarray(gaps, np.float32)


def on_picture(found: AttributionMap, target: Target) -> Float:
    """A map stretched over the picture of a target: ``(H, W)``."""
    size = (target.picture.shape[1], target.picture.shape[2])
    return fit_to_image(found.values, found.extent, size, size)


def _result(
    target: Target,
    entries: Sequence[_Entry],
    left_out: Sequence[tuple[str, str]],
    scores: tuple[float, float],
    **lead_of_best: Float,
) -> Tournament:
    ordered = sorted(entries, key=lambda entry: -entry.gap)
    areas = [[area(curve) for curve in entry.curves.logits] for entry in ordered]
    deletion, insertion = np.array(areas, np.float32).T
    return Tournament(
        head=target.head,
        class_index=target.label,
        methods=tuple(entry.method for entry in ordered),
        seconds=tuple(entry.seconds for entry in ordered),
        logits=np.stack([entry.curves.logits for entry in ordered]),
        probabilities=np.stack([entry.curves.probabilities for entry in ordered]),
        deletion=deletion,
        insertion=insertion,
        gap=insertion - deletion,
        shuffled=np.array([entry.shuffled for entry in ordered], np.float32),
        agreement=agreement([entry.values for entry in ordered]),
        left_out=tuple(left_out),
        score=scores[0],
        hidden_score=scores[1],
        **lead_of_best,
    )


TOURNAMENT = Analysis(
    key="tournament",
    title="Tournament",
    group="Faithfulness",
    summary="Whose map names what the answer rests on, when that is taken away and brought back.",
    reference="Petsiuk et al. 2018",
    version=3,
    result=Tournament,
    compute=tournament,
    check=lead,
    settings=TournamentSettings,
    fast=True,
)
