"""Deletion, insertion, shuffled weights and the tournament, against networks whose truth is known."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
from hand_made_networks import ask, constant, linear, mean_head, photo, weights_of

from cnn_core.analyses import analysis_named
from cnn_core.analysis import Target
from cnn_core.attribution.attribution_map import attribution_map
from cnn_core.attribution.masking import MaskedPicture, fill
from cnn_core.faithfulness.agreement import agreement, rank_correlation
from cnn_core.faithfulness.deletion_insertion import area, curves, ranking
from cnn_core.faithfulness.tournament import CONTROLS, Tournament, tournament_of
from cnn_core.faithfulness.weight_randomization import RandomizedCopy
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress

X = photo((8, 8, 3))
BFLOAT16 = 0.03


def hidden(model: object, picture: np.ndarray = X) -> MaskedPicture:
    probe = Probe(model)
    return MaskedPicture(probe, Target(inputs=picture, class_index=0), fill(probe, picture, "black"))


def fingerprint(model: object) -> str:
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


def quick(model: object, picture: np.ndarray = X, class_index: int = 0, **settings: object) -> Tournament:
    return ask(model, "tournament", picture, class_index=class_index, steps=8, fill="black", **settings)


def test_curves_begin_at_the_picture_and_end_at_what_hides_it() -> None:
    parts = hidden(linear((8, 8, 3)))
    found = curves(parts, parts.probe.heads[0], ranking(X[0, ..., 0], 0), 10)
    deletion, insertion = found.logits
    size = BFLOAT16 * float(np.abs(weights_of(parts.probe.model)).sum())
    assert deletion[0] == pytest.approx(parts.score, abs=size)
    assert deletion[-1] == pytest.approx(parts.hidden_score, abs=size)
    np.testing.assert_allclose(insertion[[0, -1]], deletion[[-1, 0]], rtol=1e-5)
    assert found.probabilities.min() >= 0
    assert found.probabilities.max() <= 1


def test_the_exact_map_of_a_linear_model_beats_every_random_one() -> None:
    parts = hidden(linear((8, 8, 3)))
    truth = (weights_of(parts.probe.model) * X[0]).sum(axis=-1)

    def gap(values: np.ndarray) -> float:
        found = curves(parts, parts.probe.heads[0], ranking(values, 0), 16)
        return area(found.logits[1]) - area(found.logits[0])

    random = np.random.default_rng(0)
    assert gap(truth) > max(gap(random.random(truth.shape, np.float32)) for _ in range(20))
    assert gap(-truth) < 0


def test_the_area_is_the_mean_height_by_share_of_the_pixels() -> None:
    assert area(np.float32([0, 1])) == 0.5
    assert area(np.float32([0, 1, 1])) == 0.75
    assert area(np.full(7, 3, np.float32)) == pytest.approx(3)


def test_equal_pixels_go_in_a_drawn_order_and_not_from_the_top_left() -> None:
    flat = np.zeros((6, 6), np.float32)
    first, again, other = ranking(flat, 0), ranking(flat, 0), ranking(flat, 1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first.ravel() != np.arange(36)).any()
    assert ranking(np.float32([[1, 3], [2, 0]]), 0).tolist() == [[2, 0], [1, 3]]


def test_weights_are_shuffled_in_a_copy_and_the_network_stays_as_it_is() -> None:
    probe, x = Probe(mean_head()), photo()
    before, scores = fingerprint(probe.model), probe.scores(x)[0]
    copy = RandomizedCopy(probe, 0)
    spoilt = copy.at(1.0)
    assert fingerprint(probe.model) == before
    assert fingerprint(spoilt.model) != before
    assert np.abs(spoilt.scores(x)[0] - scores).max() > 0.1
    np.testing.assert_array_equal(probe.scores(x)[0], scores)
    np.testing.assert_allclose(copy.at(0.0).scores(x)[0], scores, rtol=1e-6)


def test_weights_are_shuffled_from_the_answer_down() -> None:
    probe, x = Probe(mean_head()), photo()
    maps = probe.activations(x, ["conv"])["conv"]
    copy = RandomizedCopy(probe, 0)
    np.testing.assert_array_equal(copy.at(0.5).activations(x, ["conv"])["conv"], maps)
    upper = copy.at(0.5).model.get_weights()[-2]
    whole = copy.at(1.0)
    assert (whole.activations(x, ["conv"])["conv"] != maps).any()
    np.testing.assert_array_equal(whole.model.get_weights()[-2], upper)
    assert sorted(upper.ravel()) == sorted(probe.model.get_weights()[-2].ravel())


def test_in_a_tournament_of_a_linear_model_the_exact_map_wins_and_chance_is_behind() -> None:
    found = quick(linear((8, 8, 3)))
    best = found.gap[found.of("gradient_x_input")]
    assert best == found.gap.max()
    assert best > found.gap[found.of("random")]
    assert "leads what knows nothing" in analysis_named("tournament").check(found).sentence
    assert set(CONTROLS) < set(found.methods)
    assert list(found.gap) == sorted(found.gap, reverse=True)
    np.testing.assert_allclose(np.diag(found.agreement), 1, atol=1e-5)


def test_methods_that_do_not_take_part_are_named_with_the_reason() -> None:
    found = quick(linear((8, 8, 3)))
    reasons = dict(found.left_out)
    assert "no layer with a map" in reasons["Grad-CAM"]
    assert "many samples" in reasons["RISE"]
    assert "rise" in quick(linear((8, 8, 3)), methods="all", randomization=False).methods


def test_a_map_that_ignores_the_network_keeps_its_order_when_the_weights_are_shuffled() -> None:
    found = quick(mean_head(), photo())
    assert found.shuffled[found.of("edges")].tolist() == [1, 1, 1, 1]
    assert np.abs(found.shuffled[found.of("gradient_x_input"), -1]) < 0.9
    assert quick(mean_head(), photo(), randomization=False).shuffled.shape[1] == 0


def test_a_method_that_ignores_the_network_is_called_insensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    def light(probe, target, settings, progress):  # type: ignore[no-untyped-def]
        return attribution_map(probe, target, blind, target.picture[0].mean(axis=-1), 0.0)

    saliency = analysis_named("saliency")
    blind = dataclasses.replace(saliency, key="blind", compute=light)
    gradient = analysis_named("gradient_x_input")
    analysis = tournament_of((blind, gradient))
    target = Target(inputs=photo(), class_index=0)
    settings = analysis.settings(steps=4, fill="black")
    found = analysis.compute(Probe(mean_head()), target, settings, SILENT)
    assert found.shuffled[found.of("blind")].tolist() == [1, 1, 1, 1]
    assert found.insensitive == ("blind",)
    assert quick(mean_head(), photo(), randomization=False).insensitive == ()


@pytest.mark.parametrize("picture", [np.zeros_like(X), np.ones_like(X)], ids=["its own fill", "constant"])
def test_where_nothing_matters_nobody_leads(picture: np.ndarray) -> None:
    found = quick(constant(1), photo()) if picture.any() else quick(linear((8, 8, 3)), picture)
    assert np.isfinite(found.gap).all()
    assert "No map is better" in analysis_named("tournament").check(found).sentence


def test_the_tournament_grows_map_by_map() -> None:
    told: list[object] = []
    probe = Probe(linear((8, 8, 3)))
    analysis = analysis_named("tournament")
    target = Target(inputs=X, class_index=1)
    analysis.compute(probe, target, analysis.settings(), Progress(tell=lambda _, found: told.append(found)))
    counts = [len(found.methods) for found in told if isinstance(found, Tournament)]
    assert counts == sorted(counts)
    assert counts[0] >= 2


def test_rank_correlation_is_spearmans_and_nothing_for_a_constant() -> None:
    first = np.float32([[1, 2], [3, 4]])
    assert rank_correlation(first, first**3) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, np.ones_like(first)) == 0


def test_maps_agree_with_themselves_and_a_constant_one_with_none() -> None:
    first = np.float32([[1, 2], [3, 4]])
    found = agreement((first, -first, np.zeros_like(first)))
    np.testing.assert_allclose(found, [[1, -1, 0], [-1, 1, 0], [0, 0, 0]], atol=1e-6)
