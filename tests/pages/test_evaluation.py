"""Evaluation of a run: figures follow the threshold, cells open their pictures, mistakes get heat maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_section import (
    CLASSES,
    figures,
    open_evaluation,
    tiles,
    wait_for_maps,
    words,
)
from finished_run import write_answers, write_model, write_run
from taken_away import check, taken_away

from dashboard.evaluation.confusion import open_cell
from dashboard.evaluation.own_sets import prediction_files
from dashboard.session.state import session
from dashboard.widgets.evaluation_pictures import DAMAGED, GONE, PER_PAGE, choose_photo, set_picture

# Of dogs: four cats, one of them taken for a dog; four dogs, two of them taken for cats.
OF_DOGS = np.array([0.1, 0.2, 0.3, 0.9, 0.6, 0.7, 0.4, 0.05], np.float32)
LABELS = (0, 0, 0, 0, 1, 1, 1, 1)


@pytest.fixture
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs whose models the explorer knows."""
    import streamlit as st

    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path))
    st.cache_resource.clear()
    return tmp_path


@pytest.fixture
def run_folder(runs_folder: Path) -> Path:
    """A finished run with a validation set of eight pictures."""
    folder = write_run(runs_folder / "tiny_run")
    write_model(folder)
    write_answers(folder, np.stack([1 - OF_DOGS, OF_DOGS], axis=1), LABELS, CLASSES)
    return folder


@pytest.mark.parametrize(("state", "predicted"), [("paused", False), ("finishing", True)])
def test_a_run_that_has_not_finished_says_when_there_will_be_figures(tmp_path, state, predicted):
    folder = write_run(tmp_path / "young", state=state)
    if predicted:
        write_answers(folder, np.array([[0.2, 0.8]]), (1,), CLASSES)
    app = open_evaluation(folder)
    assert "once this run has finished" in app.info[0].value
    assert not app.error


def test_the_figures_are_those_of_the_answers_and_follow_the_threshold(run_folder):
    app = open_evaluation(run_folder)
    first = figures(app)
    assert (first["Accuracy"], first["Right"]) == ("62.5 %", "5")
    assert first["AUC"] == "0.562"  # 9 of 16 pairs of a dog and a cat are in order
    for said in ("of 8 pictures", "95 %: 30.6 to 86.3 %", "The network is that of the last epoch, 3."):
        assert said in words(app)
    app.slider(key="eval_threshold").set_value(0.35).run()
    assert figures(app)["Right"] == "6"
    assert "eval_threshold" in app.query_params
    again = open_evaluation(run_folder, eval_threshold="0.35")
    assert figures(again)["Right"] == "6"
    assert figures(again)["Log loss"] == first["Log loss"]


def test_the_most_frequent_mistake_is_open_and_another_cell_shows_its_own_pictures(run_folder):
    app = open_evaluation(run_folder)
    assert app.selectbox(key="eval_cell").value == "1-0"
    assert tiles(app) == ["dogs.7.png, 95.0 %", "dogs.6.png, 60.0 %"]
    app.selectbox(key="eval_cell").set_value("0-1").run()
    assert tiles(app) == ["cats.3.png, 90.0 %"]
    assert "1 picture of cats, answered dogs" in words(app)
    app.selectbox(key="eval_cell").set_value("0-0").run()
    assert len(tiles(app)) == 3
    assert "rightly answered cats" in words(app)
    app.selectbox(key="eval_cell").set_value("1-0").run()
    app.slider(key="eval_threshold").set_value(0.01).run()
    assert "No picture of this set" in words(app)


def test_a_click_on_a_cell_opens_it(monkeypatch):
    import streamlit as st

    state = {"eval_page": 3}
    monkeypatch.setattr(st, "session_state", state)
    open_cell(2, (0, 1))
    assert (state["eval_cell"], state["eval_page"]) == ("1-0", 0)
    open_cell(7, (0, 1))  # of a network with more classes
    open_cell(None, (0, 1))
    assert state["eval_cell"] == "1-0"
    open_cell(1, (3, 900))
    assert state["eval_cell"] == "3-900"


def test_many_pictures_are_turned_by_pages(runs_folder):
    folder = write_run(runs_folder / "many")
    write_model(folder)
    count = PER_PAGE + 3
    of_dogs = np.linspace(0.9, 0.6, count).astype(np.float32)
    write_answers(folder, np.stack([1 - of_dogs, of_dogs], axis=1), (0,) * count, CLASSES)
    app = open_evaluation(folder, eval_cell="0-1")
    assert len(tiles(app)) == PER_PAGE
    assert f"1 to {PER_PAGE} of {count}" in words(app)
    app.button(key="eval_page-next").click().run()
    assert tiles(app)[0].startswith(f"cats.{PER_PAGE}.png")
    assert len(tiles(app)) == 3
    app.slider(key="eval_threshold").set_value(0.55).run()
    assert tiles(app)[0].startswith("cats.0.png")


def test_pictures_that_are_gone_or_damaged_say_so_and_all_else_goes_on(run_folder):
    files = {path.name: path for path in (run_folder / "photos").rglob("*.png")}
    files["dogs.7.png"].unlink()
    files["dogs.6.png"].write_bytes(b"no picture")
    app = wait_for_maps(open_evaluation(run_folder))
    assert tiles(app) == []
    boxes = " ".join(str(box.proto.body) for box in app.get("html"))
    assert GONE in boxes
    assert DAMAGED in boxes
    assert "dogs.7.png" in boxes
    assert len([button for button in app.button if str(button.key).startswith("mistake-")]) == 1


def test_more_than_two_classes_have_no_threshold_but_everything_else(runs_folder):
    classes = ("birds", "cats", "dogs")
    folder = write_run(runs_folder / "three")
    probabilities = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.1, 0.4], [0.0, 0.1, 0.9]]
    write_answers(folder, np.array(probabilities), (0, 1, 2, 2), classes, name="test")
    write_model(folder, classes)
    app = open_evaluation(folder)
    assert not app.slider
    assert figures(app)["Accuracy"] == "75.0 %"
    assert app.selectbox(key="eval_cell").value == "2-0"
    assert tiles(app) == ["dogs.2.png, 50.0 %"]
    assert "3 classes" in words(app)
    assert app.selectbox(key="eval_class").value == "birds"
    assert "how many birds are found" in words(app)
    app.selectbox(key="eval_class").set_value("dogs").run()
    assert not app.exception
    assert "how many dogs are found" in words(app)
    assert "a threshold of" not in words(app)


def test_damaged_answers_are_told_in_a_sentence(run_folder):
    (run_folder / "predictions_validation.npz").write_bytes(b"nothing")
    app = open_evaluation(run_folder)
    assert "Expected the predictions" in app.error[0].value


def test_the_sets_that_there_are_can_be_chosen(run_folder):
    write_answers(run_folder, np.array([[0.2, 0.8]]), (1,), CLASSES, name="test")
    assert list(prediction_files(run_folder)) == ["validation", "test"]
    app = open_evaluation(run_folder, eval_set="test")
    assert figures(app)["Accuracy"] == "100.0 %"
    assert "one class only" in words(app)


def test_no_step_of_the_slider_answers_more_right_than_the_one_that_is_told(run_folder):
    """The best number is 0.454; its rounding, 0.45, gets two cats wrong."""
    of_dogs = np.array([0.1, 0.2, 0.451, 0.452, 0.456, 0.468, 0.6, 0.7], np.float32)
    write_answers(run_folder, np.stack([1 - of_dogs, of_dogs], axis=1), LABELS, CLASSES)
    app = open_evaluation(run_folder)
    told = float(words(app).partition("a threshold of ")[2][:4])
    app.slider(key="eval_threshold").set_value(told).run()
    most = max(np.sum((of_dogs >= np.float32(step / 100)) == LABELS) for step in range(101))
    assert int(figures(app)["Right"]) == most


def test_mistakes_get_their_heat_maps_and_all_can_be_taken_away_with_code_that_runs(run_folder, monkeypatch):
    taken = taken_away(monkeypatch)
    app = wait_for_maps(open_evaluation(run_folder))
    assert "**dogs**, answered **cats** 95.0 %" in words(app)
    assert words(app).index("95.0 %") < words(app).index("**cats**, answered **dogs** 90.0 %")
    assert len([button for button in app.button if str(button.key).startswith("mistake-")]) == 3
    assert set(taken) == {"evaluation-export", "mistakes-export"}
    for files, count in zip(taken.values(), (8, 3), strict=True):
        arrays, _ = check(files)
        assert "png" in files
        assert len(arrays["paths"]) == count
    table = taken["evaluation-export"]["csv"]().splitlines()
    assert table[0] == "picture,class,answer,cats,dogs"
    assert len(table) == 9
    assert table[8].endswith("dogs.7.png,dogs,cats,0.95,0.05")
    app.session_state["eval_map"] = "truth"
    wait_for_maps(app.run())


def test_a_picture_becomes_the_photo_of_all_pages(run_folder, monkeypatch):
    import streamlit as st

    state = {}
    monkeypatch.setattr(st, "session_state", state)
    path = run_folder / "photos" / "validation" / "dogs" / "dogs.7.png"
    choose_photo(set_picture(str(path)), "my_run")
    assert state["photo"].startswith("upload-")
    assert session().predicted_by == "my_run"
    monkeypatch.setenv("CONVSCOPE_DATA", str(run_folder / "photos"))
    choose_photo(set_picture(str(path)), "my_run")
    assert state["photo"] == "validation/dogs/dogs.7.png"
