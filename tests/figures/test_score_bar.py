"""The answer as a bar: ends named, side right, class 0 a class like any other."""

from __future__ import annotations

import re

import numpy as np

from cnn_core.results import HeadAnswer
from dashboard.figures.score_bar import score_bar_svg


def answer(score: float) -> HeadAnswer:
    probability = 1 / (1 + np.exp(-score))
    return HeadAnswer(
        head="dogs",
        kind="binary",
        class_names=("cats", "dogs"),
        scores=np.float32([-score, score]),
        probabilities=np.float32([1 - probability, probability]),
    )


def bar(svg: str) -> tuple[float, float]:
    x, width = re.findall(r'<rect x="([\d.]+)" y="26" width="([\d.]+)"', svg)[1]
    return float(x), float(x) + float(width)


def test_both_ends_name_their_class():
    svg = score_bar_svg(answer(3.6))
    assert "← cats" in svg
    assert "dogs →" in svg


def test_the_bar_grows_to_the_side_of_the_class_that_gains():
    assert bar(score_bar_svg(answer(3.6)))[0] == 180
    assert bar(score_bar_svg(answer(-3.6)))[1] == 180


def test_a_very_sure_answer_stays_on_the_axis():
    assert bar(score_bar_svg(answer(40)))[1] <= 352


def test_names_cannot_smuggle_markup_in():
    names = HeadAnswer(
        head="h",
        kind="softmax",
        class_names=("<script>", "b"),
        scores=np.float32([1, 0]),
        probabilities=np.float32([0.7, 0.3]),
    )
    assert "<script>" not in score_bar_svg(names)


def test_many_classes_show_the_five_most_probable():
    shares = np.float32([0.05, 0.5, 0.1, 0.2, 0.05, 0.06, 0.04])
    svg = score_bar_svg(
        HeadAnswer(
            head="h",
            kind="softmax",
            class_names=tuple("abcdefg"),
            scores=np.log(shares),
            probabilities=shares,
        )
    )
    assert svg.count("<rect") == 10
    assert "50.0%" in svg
    assert "4.0%" not in svg
