"""The line networks that come with the project: right about new lines, and their heat maps lie on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.pointing_game import shares_on_the_line
from cnn_core.datasets import lines
from cnn_core.datasets.factors import factors_of
from cnn_core.models.store import ModelStore

UNSEEN_SEED = 1234


@pytest.mark.parametrize("key", ["lines", "lines_heads"])
def test_every_head_answers_new_lines(project_root: Path, key: str) -> None:
    """Rows E3 and E4 of the reference."""
    model = ModelStore(project_root / "models").open(key)
    drawn = lines.line_pictures(lines.balanced_labels(4), UNSEEN_SEED)
    factors = factors_of(lines.CLASSES)
    assert factors is not None
    for head, scores in zip(
        model.probe.heads, model.probe.scores(model.card.preprocessing.apply(drawn.pixels)), strict=True
    ):
        given = [head.class_names[index] for index in scores.argmax(axis=1)]
        if len(model.probe.heads) == 1:
            truth = [lines.CLASSES[label] for label in drawn.labels]
        else:
            place = list(factors.values).index(head.name)
            truth = [factors.values[head.name][factors.of_class[label, place]] for label in drawn.labels]
        assert np.mean([one == other for one, other in zip(given, truth, strict=True)]) >= 0.99


@pytest.mark.parametrize("key", ["lines", "lines_heads"])
def test_the_strongest_place_of_every_heat_map_is_on_the_line(project_root: Path, key: str) -> None:
    """Row E7, by the pointing game; benchmarks/pointing_game.py plays it over 500 pictures."""
    for name, (near, _, mass) in shares_on_the_line(project_root / "models" / key, 60).items():
        assert near >= 0.9, name
        assert mass >= 0.2, name
