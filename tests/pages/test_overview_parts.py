"""The overview tells one story: map, bar and words agree on which side a class is."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import AttributionMap, HeadAnswer, LayerActivations
from dashboard.widgets.overlay_view import as_on_the_bar
from dashboard.widgets.sentences import sparsity_course, sureness, where_evidence_lies


def evidence(class_index: int) -> AttributionMap:
    return AttributionMap(
        method="grad_cam",
        layer_name="conv",
        head=0,
        class_index=class_index,
        values=np.float32([[2, 0], [0, -1]]),
        signed=True,
        score=1.0,
        extent=(0, 0, 8, 8),
        constant=0.0,
    )


def answer(kind: str, probability: float = 0.9) -> HeadAnswer:
    return HeadAnswer(
        head="h",
        kind=kind,
        class_names=("cats", "dogs"),
        scores=np.float32([1, -1]),
        probabilities=np.float32([probability, 1 - probability]),
    )


def layer_of(zero_fraction: float) -> LayerActivations:
    one = np.ones(1, np.float32)
    return LayerActivations(
        layer_name="conv",
        maps=np.ones((1, 1, 1), np.float32),
        minimum=one,
        maximum=one,
        mean=one,
        zero_fraction=one * np.float32(zero_fraction),
    )


def test_the_second_of_two_classes_is_red_whoever_wins():
    shown = as_on_the_bar(evidence(0), answer("binary"))
    assert shown.class_index == 1
    assert np.array_equal(shown.values, -evidence(0).values)
    assert as_on_the_bar(evidence(1), answer("binary")).values[0, 0] == 2


def test_classes_with_scores_of_their_own_keep_their_map():
    assert as_on_the_bar(evidence(0), answer("softmax")).class_index == 0


def test_half_of_the_evidence_is_counted_and_placed():
    assert "25\u00a0%" in where_evidence_lies(evidence(0), "cats")
    assert "upper left part" in where_evidence_lies(evidence(0), "cats")


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.9, "90.0 % sure"), (0.99996, "more than 99.9 % sure"), (0.5004, "50.0 % sure")],
)
def test_the_network_is_never_called_certain(probability, text):
    assert sureness(answer("binary", probability)) == text


def test_sparsity_that_hardly_changes_is_not_called_growth():
    assert "grows" not in sparsity_course([layer_of(0.5), layer_of(0.52)])
    assert "grows from 20\u00a0% to 60\u00a0%" in sparsity_course([layer_of(0.2), layer_of(0.6)])
