"""Under the heat map of a film stands what the map says of the answer, in the words of Heat maps."""

from __future__ import annotations

import numpy as np
import pytest
from grey_patterns import patterns_of

from cnn_core.cache.archive import read_result, write_result
from cnn_core.results import AttributionMap, HeadAnswer, LayerActivations
from cnn_core.training.film import FilmFrame, FilmQuestion
from dashboard.over_the_epochs.film_job import Reel, reel_of
from dashboard.over_the_epochs.film_view import FilmView
from dashboard.widgets.sentences import arithmetic, balance


def frame(epoch: int, residual: float | None, score: float = 2.5) -> FilmFrame:
    """An epoch whose heat map speaks against its class by 1.5 logits, and for it by 0.5."""
    values = np.float32([[-1.5, 0.5], [0, 0]])
    layer = LayerActivations(
        layer_name="conv",
        maps=np.ones((2, 2, 1), np.float32),
        minimum=np.ones(1, np.float32),
        maximum=np.ones(1, np.float32),
        mean=np.ones(1, np.float32),
        zero_fraction=np.zeros(1, np.float32),
    )
    evidence = AttributionMap(
        method="grad_cam",
        layer_name="conv",
        head=0,
        class_index=1,
        values=values,
        signed=True,
        score=score,
        extent=(0, 0, 8, 8),
        residual=residual,
    )
    answer = HeadAnswer(
        head="dogs",
        kind="binary",
        class_names=("cats", "dogs"),
        scores=np.float32([-score, score]),
        probabilities=np.float32([0.06, 0.94]),
    )
    patterns = patterns_of("conv", 0, value=127, score=1.0)
    return FilmFrame(epoch=epoch, pattern=patterns, layer=layer, evidence=evidence, answer=answer)


def film_of(*frames: FilmFrame) -> FilmView:
    asked = FilmQuestion(image=None, layer_name="conv", channel=0, class_index=1)
    rest = {"run": None, "photo": None, "pixels": None, "info": None, "place": 0, "key": ""}
    return FilmView(question=asked, reel=reel_of(frames), **rest)


def said(film: FilmView, place: int) -> str:
    return balance(film.attribution(place), film.class_name, film.other_name)


def test_a_map_that_does_not_add_up_is_called_a_hint_in_each_epoch_of_its_own():
    film = film_of(frame(1, residual=0.0), frame(2, residual=1.75))
    assert said(film, 0) == "Places for dogs add 0.5 logits, places for cats take 1.5 away."
    assert "does not add up to the score here" in said(film, 1)


def test_the_sum_tells_why_a_blue_map_can_belong_to_a_sure_answer():
    words = arithmetic(film_of(frame(1, residual=0.0)).attribution(0))
    assert words == "logit 2.5 = \u22121 in the map + 3.5 constant, residual 0"


def test_a_method_without_such_a_sum_claims_none():
    film = film_of(frame(1, residual=None))
    assert film.attribution(0).residual is None
    assert "does not add up" in said(film, 0)


def test_scores_and_residuals_survive_the_disk(tmp_path):
    reel = reel_of([frame(1, residual=0.25, score=1.0), frame(5, residual=-0.5, score=3.0)])
    write_result(tmp_path / "reel.npz", reel)
    again = read_result(tmp_path / "reel.npz", Reel, 10**7)
    assert again.sums
    assert again.scores.tolist() == [1.0, 3.0]
    assert again.residuals.tolist() == [0.25, -0.5]


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite scores"):
        reel_of([frame(1, residual=0.0, score=float("nan"))])
