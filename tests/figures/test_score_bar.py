"""The answer as a bar: ends named, side right, class 0 a class like any other."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.results import HeadAnswer
from dashboard.figures.colours import signed_scale
from dashboard.figures.pictures.scale_bar import scale_bar_html
from dashboard.figures.pictures.score_bar import score_bar_html, two_ended_span


def answer(score: float) -> HeadAnswer:
    probability = 1 / (1 + np.exp(-score))
    return HeadAnswer(
        head="dogs",
        kind="binary",
        class_names=("cats", "dogs"),
        scores=np.float32([-score, score]),
        probabilities=np.float32([1 - probability, probability]),
    )


def softmax_answer(names: str, shares: list[float]) -> HeadAnswer:
    return HeadAnswer(
        head="h",
        kind="softmax",
        class_names=tuple(names.split()),
        scores=np.log(np.float32(shares)),
        probabilities=np.float32(shares),
    )


def test_both_ends_name_their_class_and_the_logit_is_told():
    bar = score_bar_html(answer(3.6))
    assert "← cats" in bar
    assert "dogs →" in bar
    assert "the score, 3.6," in bar


@pytest.mark.parametrize(("score", "start", "end"), [(3.0, 50, 75), (-3.0, 25, 50), (0.0, 50, 50)])
def test_the_bar_grows_to_the_side_of_the_class_that_gains(score, start, end):
    left, width, reach = two_ended_span(score)
    assert (left, left + width, reach) == (start, end, 6)


@pytest.mark.parametrize("score", [40.0, -40.0])
def test_a_very_sure_answer_stays_on_the_axis(score):
    left, width, _ = two_ended_span(score)
    assert left >= 0
    assert left + width <= 100


def test_names_cannot_smuggle_markup_in():
    assert "<script>" not in score_bar_html(softmax_answer("<script> b", [0.7, 0.3]))


def test_many_classes_show_the_five_most_probable():
    bar = score_bar_html(softmax_answer("a b c d e f g", [0.05, 0.5, 0.1, 0.2, 0.05, 0.06, 0.04]))
    assert bar.count('class="bar"') == 5
    assert "50.0 %" in bar
    assert "4.0 %" not in bar


def test_a_scale_shows_both_ends_of_its_range_and_what_they_mean():
    bar = scale_bar_html(signed_scale(np.float32([-0.25, 0.1])), low="cats", high="dogs")
    assert "−0.25 cats" in bar
    assert "0.25 dogs" in bar
