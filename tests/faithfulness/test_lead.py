"""Whether a lead is real: it is where a map knows something, and is not where maps are drawn blindly."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hand_made_networks import ask, constant, linear, mean_head, photo, weights_of

from cnn_core.analyses import analysis_named
from cnn_core.analysis import Target
from cnn_core.attribution.masking import MaskedPicture, fill
from cnn_core.faithfulness.deletion_insertion import area, curves, ranking
from cnn_core.faithfulness.lead import (
    REAL_BELOW,
    chance,
    different_maps,
    displaced,
    is_real,
    level_with_best,
)
from cnn_core.probe.probe import Probe

SHAPE = (16, 16, 3)
METHODS, REPEATS, COPIES = 8, 25, 20


def test_a_map_laid_elsewhere_keeps_its_values_and_not_their_places() -> None:
    values = np.arange(20, dtype=np.float32).reshape(4, 5)
    moved = displaced(values, np.random.default_rng(0))
    assert sorted(moved.ravel()) == sorted(values.ravel())
    assert (moved != values).any()
    np.testing.assert_array_equal(displaced(values[:1, :1], np.random.default_rng(0)), values[:1, :1])


def test_the_chance_of_a_lead_grows_with_the_number_of_maps_that_it_is_the_best_of() -> None:
    others = np.float32([0.1, -0.2, 0.3, 0.0, -0.1, 0.2, -0.3, 0.1])
    one, many = (chance(1.0, others, methods) for methods in (1, 20))
    assert one is not None
    assert many == pytest.approx(20 * one)
    assert chance(float(others.mean()), others, 1) == pytest.approx(0.5)
    assert chance(0.0, np.zeros(8, np.float32), 3) is None
    assert chance(1.0, np.zeros(0, np.float32), 3) is None


def test_maps_that_are_alike_count_once() -> None:
    assert different_maps(np.ones((5, 5), np.float32)) == pytest.approx(1)
    assert different_maps(np.eye(5, dtype=np.float32)) == pytest.approx(5)
    assert 1 < different_maps(np.float32([[1, 0.5], [0.5, 1]])) < 2
    assert different_maps(np.zeros((2, 2), np.float32)) == 1  # all of them constant


def test_the_best_of_maps_that_were_drawn_blindly_hardly_ever_leads_by_more_than_chance() -> None:
    """Blots as smooth as class activation maps: some lie well by luck, and one of them is the best."""
    probe, x, random = Probe(linear(SHAPE)), photo(SHAPE), np.random.default_rng(7)
    hidden = MaskedPicture(probe, Target(inputs=x, class_index=0), fill(probe, x, "black"))

    def gap(values: np.ndarray) -> float:
        found = curves(hidden, probe.heads[0], ranking(values, 0), 10)
        return area(found.logits[1]) - area(found.logits[0])

    def blot() -> np.ndarray:
        return cv2.GaussianBlur(random.random(SHAPE[:2], np.float32), (0, 0), 3)

    claims = 0
    for _ in range(REPEATS):
        maps = [blot() for _ in range(METHODS)]
        best = max(maps, key=gap)
        others = np.float32([gap(displaced(best, random)) for _ in range(COPIES)])
        likely = chance(gap(best), others, METHODS)
        claims += likely is not None and likely < REAL_BELOW
    assert claims <= 3  # of 25; 4 or more of what has a chance of 0.05 happen once in 30 times
    truth = (weights_of(probe.model) * x[0]).sum(axis=-1)
    others = np.float32([gap(displaced(truth, random)) for _ in range(COPIES)])
    likely = chance(gap(truth), others, METHODS)
    assert likely is not None
    assert likely < 0.001


def test_a_tournament_says_whether_its_lead_is_real() -> None:
    found = ask(linear(SHAPE), "tournament", photo(SHAPE), steps=8, fill="black", randomization=False)
    assert is_real(found)
    assert len(found.displaced) == COPIES
    assert (found.displaced < found.gap.max()).all()
    assert "The lead is real" in analysis_named("tournament").check(found).sentence
    assert found.normalized_gap(found.best) == pytest.approx(
        found.gap.max() / (found.logits.max() - found.logits.min()), rel=1e-5
    )
    deletion, insertion = found.probability_areas("random")
    assert 0 <= min(deletion, insertion) <= max(deletion, insertion) <= 1


def test_methods_that_do_as_well_as_the_best_are_named_beside_it() -> None:
    found = ask(linear(SHAPE), "tournament", photo(SHAPE), steps=8, fill="black", randomization=False)
    others = len(found.methods) - 5
    named = ("grad_cam", "cam", "saliency", "random", "edges", *("lrp",) * others)
    gap = np.float32([2, 1.999, 1.9, 1, 1, *[0] * others])
    level = dataclasses.replace(found, methods=named, gap=gap)
    assert level_with_best(level) == ("cam",)
    assert "Grad-CAM, level with CAM, leads" in analysis_named("tournament").check(level).sentence


@pytest.mark.parametrize("fills", ["black", "blur"])
@pytest.mark.parametrize("value", [0.0, 0.5], ids=["black", "constant"])
def test_a_picture_without_anything_in_it_gives_finite_figures_and_no_lead(value: float, fills: str) -> None:
    picture = np.full((1, 6, 5, 3), value, np.float32)
    found = ask(mean_head(), "tournament", picture, steps=4, fill=fills, randomization=False)
    for areas in (found.gap, found.deletion, found.insertion, found.agreement, found.displaced):
        assert np.isfinite(areas).all()
    if fills == "blur":  # the blurred picture is the picture
        assert found.span is None
        assert found.normalized_gap("random") is None
    assert analysis_named("tournament").check(found).sentence.endswith(".")


def test_where_the_answer_is_always_the_same_no_lead_is_real() -> None:
    found = ask(constant(1), "tournament", photo(), steps=4, fill="black", randomization=False)
    assert not is_real(found)
    assert found.span is None
