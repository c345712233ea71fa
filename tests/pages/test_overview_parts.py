"""The overview tells one story: map, bar and words agree on which side a class is."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import AttributionMap, HeadAnswer, LayerActivations
from dashboard.widgets.overlay_view import as_on_the_bar, evidence_strength, scale_of
from dashboard.widgets.sentences import headline, sparsity_course, sureness, where_evidence_lies


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
    [(0.9, "90.0 % sure"), (0.99996, "more than 99.9 % sure"), (0.5504, "55.0 % sure")],
)
def test_the_network_is_never_called_certain(probability, text):
    assert sureness(answer("binary", probability)) == text


@pytest.mark.parametrize(
    ("kind", "words"), [("binary", ["50.4 % cats", "49.6 % dogs"]), ("softmax", ["50.4"])]
)
def test_a_coin_toss_is_no_answer_and_pale(kind, words):
    tossed, sure = answer(kind, 0.504), answer(kind, 0.99)
    assert headline(tossed) == "undecided"
    assert headline(sure) == "cats"
    assert all(word in sureness(tossed) for word in words)
    assert evidence_strength(tossed) < evidence_strength(answer(kind, 0.7)) < evidence_strength(sure)


def test_one_of_many_that_is_ahead_of_all_others_is_an_answer():
    many = HeadAnswer(
        head="h",
        kind="softmax",
        class_names=tuple("abcdef"),
        scores=np.float32([3, 1, 0, 0, 0, 0]),
        probabilities=np.float32([0.4, 0.2, 0.1, 0.1, 0.1, 0.1]),
    )
    assert headline(many) == "a"


def test_a_class_has_one_colour_whichever_is_asked_about():
    cats, dogs = (scale_of(evidence(index), ("cats", "dogs")) for index in (0, 1))
    against = np.float32([-1.0])
    assert np.array_equal(cats.colours(-against), dogs.colours(against))
    three = [scale_of(evidence(index), ("cats", "dogs", "owls")) for index in (0, 1)]
    assert np.array_equal(three[0].table, three[1].table)


@pytest.mark.parametrize(
    ("shares", "course"),
    [
        ((0.2, 0.6), "grows from 20\u00a0% to 60\u00a0%"),
        ((0.6, 0.61, 0.2), "falls from 60\u00a0% to 20\u00a0%"),
        ((0.52, 0.51, 0.72, 0.7, 0.62), "lies between 51\u00a0% and 72\u00a0%"),
        ((0.5, 0.52), "about as many"),
    ],
)
def test_the_zeros_are_said_to_grow_only_where_all_layers_do(shares, course):
    assert course in sparsity_course([layer_of(share) for share in shares])


def test_a_time_is_given_for_what_was_computed_and_none_for_what_was_stored(open_app):
    def captions() -> str:
        app = open_app(photo="eagle")
        assert not app.exception
        return " ".join(caption.value for caption in app.caption)

    assert "computed in" in captions()
    assert "computed in" not in captions()
