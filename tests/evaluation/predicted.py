"""Made-up answers for the tests of evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.evaluation.predictions import Predictions, two_columns


def two_classes(of_class_1: Sequence[float], labels: Sequence[int]) -> Predictions:
    """Answers of one sigmoid unit to some pictures of cats and dogs."""
    return Predictions(
        probabilities=two_columns(np.array(of_class_1)),
        labels=np.array(labels),
        paths=tuple(f"photo_{index}.jpg" for index in range(len(labels))),
        classes=("cats", "dogs"),
    )


def three_classes() -> Predictions:
    """Answers 0, 0, 1, 2, 1 to pictures of 0, 0, 1, 1, 1; nothing shows class 2."""
    return Predictions(
        probabilities=np.array(
            [
                [0.5, 0.25, 0.25],
                [0.75, 0.125, 0.125],
                [0.25, 0.5, 0.25],
                [0.25, 0.25, 0.5],
                [0.125, 0.75, 0.125],
            ]
        ),
        labels=np.array([0, 0, 1, 1, 1]),
        paths=("a", "b", "c", "d", "e"),
        classes=("cats", "dogs", "birds"),
    )


def random_scores(seed: int, count: int = 80, levels: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Scores with many ties, higher for positives."""
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < 0.4
    scores = np.clip(np.round((rng.random(count) + 0.4 * positive) * levels) / (1.4 * levels), 0, 1)
    return scores.astype(np.float32), positive
