"""A tournament of the attribution methods on one picture: whose map names what the answer rests on."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from cnn_core import attribution
from cnn_core.analysis import Analysis, Check, Target
from cnn_core.attribution.masking import MaskedPicture, fill, fill_field
from cnn_core.errors import ConvscopeError
from cnn_core.faithfulness.deletion_insertion import Curves, area, curves, ranking
from cnn_core.faithfulness.weight_randomization import STAGES, randomized
from cnn_core.images.fitted_map import fit_to_image
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.results import AttributionMap, check_lengths, freeze
from cnn_core.settings import choice, number, switch

Float = NDArray[np.float32]

RANDOM, EDGES = "random", "edges"
CONTROLS = {RANDOM: "Random map", EDGES: "Edges of the photo"}
RANDOM_MAPS = 5  # of which the median counts


@dataclass(frozen=True, slots=True, kw_only=True)
class TournamentSettings:
    """Who takes part, and how it is measured."""

    methods: str = choice(
        "quick",
        "Methods",
        "Quick: those that need a few passes through the network; all: also those that take many samples.",
        ("quick", "all"),
    )
    steps: int = number(20, "Steps", "In how many shares the pixels go, and come.", 4, 100, 1)
    fill: str = fill_field("blur")
    randomization: bool = switch(
        True, "Shuffle the weights", "Also measure whether each map changes when the network is spoilt."
    )
    seed: int = number(0, "Seed", "Of the random maps, of equal pixels and of the shuffle.", 0, 9999, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tournament:
    """What became of the answer when each map was put to the test; one entry per map in all fields.

    Attributes:
        head, class_index: which score.
        methods: keys of the methods, ``random`` and ``edges``, the best ``gap`` first.
        seconds: of one computation of the map, after a first one; 0 for ``random`` and ``edges``.
        logits, probabilities: ``(m, 2, n + 1)``, of deletion and insertion, by share of the pixels.
        deletion, insertion: ``(m,)``, areas under the logit, in logits.
        gap: ``(m,)``, insertion minus deletion: the larger, the better the map names what matters.
        shuffled: ``(m, s)``, rank correlation with the map of the network of which the upper 1/s, 2/s, ... of
            the layers are shuffled; no columns where that was not measured.
        agreement: ``(m, m)``, rank correlation between the maps.
        left_out: titles of the methods that did not take part, each with the reason.
        score, hidden_score: logits of the whole picture, and of the one that is left when all is deleted.
    """

    head: int
    class_index: int
    methods: tuple[str, ...]
    seconds: tuple[float, ...]
    logits: Float
    probabilities: Float
    deletion: Float
    insertion: Float
    gap: Float
    shuffled: Float
    agreement: Float
    left_out: tuple[tuple[str, str], ...]
    score: float
    hidden_score: float

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "deletion", "insertion", "gap")
        freeze(self, 2, "shuffled", "agreement")
        freeze(self, 3, "logits", "probabilities")
        names = ("methods", "seconds", "logits", "probabilities", "deletion", "insertion", "gap", "agreement")
        check_lengths({name: len(getattr(self, name)) for name in (*names, "shuffled")})

    def of(self, method: str) -> int:
        """Where a method stands in all fields."""
        return self.methods.index(method)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    method: str
    seconds: float
    values: Float  # (H, W)
    curves: Curves
    shuffled: tuple[float, ...]


def tournament(probe: Probe, target: Target, settings: TournamentSettings, progress: Progress) -> Tournament:
    """Delete and insert the pixels in the order of each map, shuffle the weights, compare the maps.

    Beside the methods stand a random map and an edge detector, which know nothing of the network: a map that
    is no better than these says nothing about this answer. All maps are stretched over the picture first;
    signed ones rank by what speaks for the class.

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
    hidden = MaskedPicture(probe, target, fill(probe, target.picture, settings.fill, settings.seed))
    entries, left_out = [_edges(hidden, settings), _random(hidden, settings)], []
    scores = hidden.score, hidden.hidden_score
    progress(0.0)
    for index, method in enumerate(attribution.METHODS):
        reason = _why_not(probe, target, method, settings)
        if reason is None:
            try:
                entries.append(_entry(hidden, method, settings))
            except ConvscopeError as error:  # of this method alone
                reason = str(error)
        if reason is not None:
            left_out.append((method.title, reason))
        found = _result(target, entries, left_out, scores)
        progress((index + 1) / len(attribution.METHODS), found)
    return found


def _why_not(probe: Probe, target: Target, method: Analysis, settings: TournamentSettings) -> str | None:
    takes_long = method.fast or any(field.name == "steps" for field in fields(method.settings))
    if takes_long and settings.methods == "quick":
        return "Takes many samples: choose all methods."
    return method.inapplicable(probe.outline, target.head)


def _entry(hidden: MaskedPicture, method: Analysis, settings: TournamentSettings) -> _Entry:
    probe, target = hidden.probe, hidden.target
    layer = probe.default_cam_layer(target.head) if method.needs_layer else None
    asked = replace(target, layer_name=layer)

    def map_of(network: Probe) -> Float:
        return on_picture(method.compute(network, asked, method.settings(), SILENT), target)

    values = map_of(probe)
    begun = time.perf_counter()
    if not method.fast:  # the first one compiled; one that takes many samples is not asked twice
        values = map_of(probe)
    seconds = time.perf_counter() - begun
    shuffled: tuple[float, ...] = ()
    if settings.randomization:
        spoilt = (map_of(randomized(probe, share, settings.seed)) for share in STAGES)
        shuffled = tuple(rank_correlation(values, other) for other in spoilt)
    return _entered(hidden, settings, method.key, values, seconds, shuffled)


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
    return sorted(drawn, key=lambda entry: _gap(entry.curves))[RANDOM_MAPS // 2]


def _edges(hidden: MaskedPicture, settings: TournamentSettings) -> _Entry:
    light = np.ascontiguousarray(hidden.target.picture[0].mean(axis=-1))
    slopes = [cv2.Sobel(light, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]
    return _entered(hidden, settings, EDGES, np.hypot(*slopes).astype(np.float32))


def _gap(found: Curves) -> float:
    return area(found.logits[1]) - area(found.logits[0])


def on_picture(found: AttributionMap, target: Target) -> Float:
    """A map stretched over the picture of a target: ``(H, W)``."""
    size = (target.picture.shape[1], target.picture.shape[2])
    return fit_to_image(found.values, found.extent, size, size)


def rank_correlation(first: Float, second: Float) -> float:
    """Spearman's, of two maps of one size; 0 where one of them is constant."""
    ranks = [rankdata(each.ravel()) for each in (first, second)]
    spreads = [float(each.std()) for each in ranks]
    if min(spreads) == 0:
        return 0.0
    centred = [each - each.mean() for each in ranks]
    return float(np.mean(centred[0] * centred[1]) / (spreads[0] * spreads[1]))


def _result(
    target: Target, entries: list[_Entry], left_out: list[tuple[str, str]], scores: tuple[float, float]
) -> Tournament:
    ordered = sorted(entries, key=lambda entry: -_gap(entry.curves))
    ranks = np.stack([rankdata(entry.values.ravel()) for entry in ordered])
    flat = ranks.std(axis=1) == 0
    ranks[flat] = np.arange(ranks.shape[1])
    agreement = np.atleast_2d(np.corrcoef(ranks)) if ranks.shape[1] > 1 else np.eye(len(ranks))
    agreement[flat], agreement[:, flat] = 0, 0
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
        agreement=agreement.astype(np.float32),
        left_out=tuple(left_out),
        score=scores[0],
        hidden_score=scores[1],
    )


def title_of(method: str) -> str:
    """What an entry is called."""
    titles = {each.key: each.title for each in attribution.METHODS}
    return CONTROLS.get(method) or titles[method]


def lead(found: Tournament) -> Check:
    """Whether the best map is better than what knows nothing of the network."""
    controls = max(float(found.gap[found.of(name)]) for name in CONTROLS)
    best = next((name for name in found.methods if name not in CONTROLS), None)
    if best is None:
        return Check(sentence="No method can be done for this network: there is nothing to compare.")
    ahead = float(found.gap[found.of(best)]) - controls
    if ahead <= 0:
        return Check(
            sentence="No map is better than the random map or the edges here: none says what the answer "
            "rests on."
        )
    return Check(
        sentence=f"{title_of(best)} leads what knows nothing of the network by {ahead:.3g} logits of "
        "insertion minus deletion, on this photo."
    )


TOURNAMENT = Analysis(
    key="tournament",
    title="Tournament",
    group="Faithfulness",
    summary="Whose map names what the answer rests on, when that is taken away and brought back.",
    reference="Petsiuk et al. 2018",
    result=Tournament,
    compute=tournament,
    check=lead,
    settings=TournamentSettings,
    fast=True,
)
