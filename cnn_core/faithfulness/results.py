"""What a tournament of attribution methods is asked, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnn_core import attribution
from cnn_core.attribution.masking import fill_field
from cnn_core.faithfulness.deletion_insertion import area
from cnn_core.results import check_lengths, freeze
from cnn_core.settings import choice, number, switch

Float = NDArray[np.float32]

RANDOM, EDGES = "random", "edges"
CONTROLS = {RANDOM: "Random map", EDGES: "Edges of the photo"}
INSENSITIVE = 0.5  # rank correlation with the map of a network of noise
SMALLEST_SPAN = 0.01  # of the largest logit: less than that is rounding, in bfloat16 too


def _none() -> Float:
    return np.zeros(0, np.float32)


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
        seconds: of one computation of the map, after a first one; of a method that takes many samples that of
            the first, compiling included; 0 for ``random`` and ``edges``.
        logits, probabilities: ``(m, 2, n + 1)``, of deletion and insertion, by share of the pixels.
        deletion, insertion: ``(m,)``, areas under the logit, in logits.
        gap: ``(m,)``, insertion minus deletion: the larger, the better the map names what matters.
        shuffled: ``(m, s)``, rank correlation with the map of the network of which the upper 1/s, 2/s, ... of
            the layers are shuffled; no columns where that was not measured.
        agreement: ``(m, m)``, rank correlation between the maps.
        left_out: titles of the methods that did not take part, each with the reason.
        score, hidden_score: logits of the whole picture, and of the one that is left when all is deleted.
        displaced: ``(d,)``, the ``gap`` of the best method's map when it is laid elsewhere on the picture;
            none before all maps are known.
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
    displaced: Float = field(default_factory=_none)

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "deletion", "insertion", "gap", "displaced")
        freeze(self, 2, "shuffled", "agreement")
        freeze(self, 3, "logits", "probabilities")
        names = ("methods", "seconds", "logits", "probabilities", "deletion", "insertion", "gap", "agreement")
        check_lengths({name: len(getattr(self, name)) for name in (*names, "shuffled")})

    def of(self, method: str) -> int:
        """Where a method stands in all fields."""
        return self.methods.index(method)

    @property
    def best(self) -> str | None:
        """The method with the largest ``gap``, the controls left aside; None if no method took part."""
        return next((name for name in self.methods if name not in CONTROLS), None)

    @property
    def insensitive(self) -> tuple[str, ...]:
        """The methods whose map hardly changes when all weights are shuffled: not of this network."""
        own = [name for name in self.methods if name not in CONTROLS and self.shuffled.shape[1] > 0]
        return tuple(name for name in own if self.shuffled[self.of(name), -1] > INSENSITIVE)

    @property
    def span(self) -> float | None:
        """From the lowest to the highest logit of all curves; None where that is but rounding.

        The two ends of a curve are no measure: where both halves of a photo speak for different classes, the
        whole photo and the hidden one can score alike.
        """
        low, high = float(self.logits.min()), float(self.logits.max())
        return high - low if high - low > SMALLEST_SPAN * max(abs(low), abs(high)) else None

    def normalized_gap(self, method: str) -> float | None:
        """``gap`` as a share of ``span``, -1 to 1: photos and networks compare; None without a span."""
        return None if self.span is None else float(self.gap[self.of(method)]) / self.span

    def probability_areas(self, method: str) -> tuple[float, float]:
        """Areas under the probability: of deletion, where less is better, and of insertion."""
        deletion, insertion = self.probabilities[self.of(method)]
        return area(deletion), area(insertion)


def title_of(method: str) -> str:
    """What an entry is called."""
    titles = {each.key: each.title for each in attribution.METHODS}
    return CONTROLS.get(method) or titles.get(method, method)
