"""Where two networks answer differently over a set, and which of them is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.evaluation.predictions import Predictions, predicted_labels, probability_of

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disagreement:
    """The answers of two networks to the same pictures.

    Attributes:
        paths: of the pictures that both answered.
        truth, answers: names of the true class, and of the classes that the first and second gave, each
            ``(n,)``.
        sure: ``(2, n)``, float32, probability of these answers.
    """

    paths: tuple[str, ...]
    truth: tuple[str, ...]
    answers: tuple[tuple[str, ...], tuple[str, ...]]
    sure: NDArray[np.float32]

    @property
    def differing(self) -> Int64:
        """Pictures that got two answers, the surest pair first: by the less sure of the two."""
        differ = np.array([mine != other for mine, other in zip(*self.answers, strict=True)], bool)
        order = np.argsort(-self.sure.min(axis=0), kind="stable")
        return np.asarray(order[differ[order]], np.int64)

    @property
    def right(self) -> NDArray[np.bool_]:
        """``(2, n)``, whether each network is right."""
        truth = np.array(self.truth, object)
        return np.stack([np.array(given, object) == truth for given in self.answers])

    def counts(self) -> dict[str, int]:
        """How many pictures ``both``, only the ``first``, only the ``second`` and ``neither`` got right."""
        first, second = self.right
        return {
            "both": int((first & second).sum()),
            "first": int((first & ~second).sum()),
            "second": int((~first & second).sum()),
            "neither": int((~first & ~second).sum()),
        }

    def p_value(self) -> float:
        """How often chance alone makes the numbers that only one gets right so unequal: exact, two-sided.

        1 where there are none. Reference: McNemar 1947, by the binomial distribution.
        """
        from scipy import stats

        counts = self.counts()
        alone = counts["first"] + counts["second"]
        return 1.0 if alone == 0 else float(stats.binomtest(counts["first"], alone).pvalue)


def disagreement(first: Predictions, second: Predictions) -> Disagreement:
    """Compare two networks by the names of their classes, on the pictures that both answered."""
    places = {path: place for place, path in enumerate(second.paths)}
    pairs = [(here, places[path]) for here, path in enumerate(first.paths) if path in places]
    rows = [np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1)]
    names, sure = [], []
    for one, own in zip((first, second), rows, strict=True):
        given = predicted_labels(one)
        names.append(tuple(one.classes[label] for label in given[own]))
        sure.append(probability_of(one, given)[own])
    return Disagreement(
        paths=tuple(first.paths[place] for place in rows[0]),
        truth=tuple(first.classes[label] for label in first.labels[rows[0]]),
        answers=(names[0], names[1]),
        sure=np.stack(sure).astype(np.float32),
    )
