"""Compare: two networks, epochs or photos on one scale, and where they disagree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_section import words
from finished_run import write_run
from taken_away import check, taken_away
from tiny_photos import write_tiny_photos

from cnn_core.evaluation.disagreement import disagreement
from cnn_core.evaluation.predictions import Predictions
from dashboard.compare.disagreement import answers_csv, verdict
from dashboard.compare.sides import same_depth
from dashboard.session.photos import samples
from dashboard.session.resources import explorer


@pytest.fixture
def run_with_epochs(fresh_folders: None, tmp_path: Path) -> str:
    """A run whose epochs 0 and 2 can be opened."""
    write_run(tmp_path / "runs" / "young", state="paused", checkpoints=(0, 2))
    return "young"


def test_two_epochs_are_seen_side_by_side_and_taken_away(open_app, run_with_epochs, monkeypatch):
    taken = taken_away(monkeypatch)
    app = open_app("compare", model="young@2", b_model="young@0")
    assert not app.exception
    assert not app.error
    assert "Tiny, epoch 2" in words(app)
    assert "Tiny, before training" in words(app)
    check(taken["compare-sides"])
    app.segmented_control(key="compare_scale").set_value("own").run()
    assert not app.exception
    assert app.query_params["compare_scale"] == "own"


def test_another_photo_can_be_chosen_and_is_in_the_address(open_app, run_with_epochs):
    other = samples()[1]
    app = open_app("compare", model="young@2", b_model="young@2")
    app.selectbox(key="b_photo").set_value(other.key).run()
    assert not app.exception
    assert other.title in words(app)
    assert app.query_params["b_photo"] == other.key


def test_a_network_cannot_disagree_with_itself(open_app, run_with_epochs):
    app = open_app("compare", model="young@2", b_model="young@2", disagree_open="yes")
    assert not app.exception


def test_over_a_data_set_the_pictures_with_two_answers_are_shown(
    open_app, run_with_epochs, tmp_path, monkeypatch
):
    folder = write_tiny_photos(tmp_path / "pets", training=2, validation=3)
    monkeypatch.setenv("CONVSCOPE_DATA", str(folder))
    app = open_app("compare", model="young@2", b_model="young@0")
    app.session_state["disagree-open"] = True
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    labels = [metric.label for metric in app.metric]
    assert labels == ["Both right", "Only A right", "Only B right", "Neither right"]
    assert sum(int(metric.value) for metric in app.metric) == 6


def predictions(
    rows: list[list[float]], labels: list[int], paths: str, classes=("cats", "dogs")
) -> Predictions:
    return Predictions(
        probabilities=np.float32(rows), labels=np.int64(labels), paths=tuple(paths), classes=classes
    )


def test_disagreements_are_joined_by_picture_and_the_surest_come_first():
    first = predictions([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 0], "abc")
    # Of the other one the classes stand the other way round, and a picture is missing.
    second = predictions([[0.7, 0.3], [0.9, 0.1]], [1, 1], "ca", classes=("dogs", "cats"))
    pair = disagreement(first, second)
    assert pair.paths == ("a", "c")
    assert pair.answers == (("cats", "cats"), ("dogs", "dogs"))
    assert pair.differing.tolist() == [0, 1]
    assert pair.counts() == {"both": 0, "first": 2, "second": 0, "neither": 0}
    assert pair.p_value() == pytest.approx(0.5)  # by hand: both of two coins on the same side
    assert verdict(pair).startswith("Which one is better cannot be told")
    assert answers_csv(pair).splitlines()[1] == "a,cats,cats,0.9,dogs,0.9"


def test_ten_of_ten_are_no_chance():
    first = predictions([[0.9, 0.1]] * 10, [0] * 10, "abcdefghij")
    second = predictions([[0.1, 0.9]] * 10, [0] * 10, "abcdefghij")
    assert disagreement(first, second).p_value() == pytest.approx(2 / 2**10)
    assert verdict(disagreement(first, second)) == "A is the better one on these pictures (p = 0.002)."


def test_the_same_depth_is_the_same_name_or_the_same_share(run_with_epochs):
    own = explorer().layers("young@2")
    assert same_depth(own[1], own, own) is own[1]
    assert same_depth(own[-1], own, own[:2]) is own[1]
    assert same_depth(own[0], own, own[:2]) is own[0]
    assert same_depth(None, own, own) is None


def test_titles_are_shown_as_they_are_and_not_as_markdown(open_app, run_with_epochs, tmp_path):
    for path in (tmp_path / "runs" / "young" / "checkpoints").glob("*/card.json"):
        card = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(card | {"title": "*over-fits*"}), encoding="utf-8")
    app = open_app("compare", model="tiny", b_model="young@2")
    assert not app.exception
    assert "*over-fits*, epoch 2" in app.selectbox(key="b_model").options
    assert any("\\*over" in one.value for one in app.main.markdown)
