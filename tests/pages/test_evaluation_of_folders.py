"""Evaluation of any network on any folder: classes by name, what is left out, what is remembered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import pytest
import streamlit as st
from evaluation_section import figures, wait_for_maps, words
from finished_run import write_answers, write_model, write_run
from keras import layers
from streamlit.testing.v1 import AppTest
from taken_away import check, taken_away
from tiny_model import write_model as write_tiny_model_folder
from tiny_photos import COLD, write_photo, write_tiny_photos

from dashboard.evaluation.class_choice import MOST_ASKED, matching_lines
from dashboard.evaluation.folder_set import known_set_words, unread_words
from dashboard.run_setup.folder_split import FOLDER

TRAINING, VALIDATION = 4, 3  # of each class


@pytest.fixture
def photos(fresh_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of its own, which the environment names."""
    folder = write_tiny_photos(tmp_path / "pets", training=TRAINING, validation=VALIDATION)
    monkeypatch.setenv("CONVSCOPE_DATA", str(folder))
    return folder


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    assert [error.value for error in app.error] == []
    return wait_for_maps(app)


def test_the_network_of_the_sidebar_is_evaluated_on_the_folder_of_the_environment(open_app, photos):
    app = fine(open_app("evaluation"))
    assert app.text_input(key=FOLDER).value == str(photos)
    assert f"of {2 * VALIDATION} pictures" in words(app)
    assert "cats (3), dogs (3)" in words(app)
    assert 0 <= int(figures(app)["Right"]) <= 2 * VALIDATION
    assert any(str(button.key).startswith("mistake-") for button in app.button)
    app.segmented_control(key="eval_split").set_value("all").run()
    assert f"of {2 * (TRAINING + VALIDATION)} pictures" in words(fine(app))
    assert app.query_params["eval_split"] == "all"
    assert str(photos) not in str(app.query_params)


def test_an_epoch_of_a_run_that_has_not_finished_is_evaluated_too(open_app, photos, tmp_path):
    write_run(tmp_path / "runs" / "young", state="paused", checkpoints=(0, 2))
    app = fine(open_app("evaluation", model="young@2"))
    assert "Tiny, epoch 2" in words(app)
    assert f"of {2 * VALIDATION} pictures" in words(app)


def test_the_second_look_needs_no_answers_of_the_network(open_app, photos, impatient, monkeypatch):
    app = fine(open_app("evaluation"))
    while not app.metric:
        fine(app.run())
    monkeypatch.setattr("cnn_core.evaluation.folder_evaluation.file_answers", None)
    st.cache_resource.clear()
    assert figures(fine(open_app("evaluation"))) == figures(app)


def test_a_run_is_shown_with_its_own_pictures_and_can_be_asked_about_a_folder(open_app, photos, tmp_path):
    folder = write_run(tmp_path / "runs" / "done")
    write_model(folder)
    write_answers(folder, [[0.2, 0.8], [0.9, 0.1]], (1, 0), ("cats", "dogs"))
    app = fine(open_app("evaluation", run="done"))
    assert app.segmented_control(key="eval_of").value == "run"
    assert "of 2 pictures" in words(app)
    app.segmented_control(key="eval_set").set_value("folder").run()
    assert f"of {2 * VALIDATION} pictures" in words(fine(app))
    assert "The network is that of the last epoch" in words(app)
    app.segmented_control(key="eval_of").set_value("sidebar").run()
    assert "**Tiny**" in words(fine(app))


def test_folders_called_otherwise_are_asked_about_and_left_out_until_then(open_app, photos):
    (photos / "validation" / "cats").rename(photos / "validation" / "Katzen")
    app = fine(open_app("evaluation"))
    assert "Left out, called like no class of the network: Katzen (3)" in words(app)
    assert "No picture shows cats" in words(app)
    app.selectbox(key="eval_as_Katzen").set_value("cats").run()
    assert "Katzen (3) as cats" in words(fine(app))
    assert f"of {2 * VALIDATION} pictures" in words(app)
    assert app.query_params["eval_as_Katzen"] == "cats"


def test_where_no_name_fits_nothing_is_computed_and_the_page_says_what_to_do(open_app, photos):
    for name in ("cats", "dogs"):
        (photos / "validation" / name).rename(photos / "validation" / name[:-1])
    app = fine(open_app("evaluation"))
    assert not app.metric
    assert "Nothing in this folder is called like a class of the network (cats, dogs)" in words(app)


def test_what_cannot_be_read_is_counted_and_named(open_app, photos):
    (photos / "validation" / "cats" / "cats.1.jpg").write_bytes(b"no picture")
    app = fine(open_app("evaluation"))
    assert r"cannot be read: 1 picture, cats/cats.1.jpg." in words(app)
    assert f"of {2 * VALIDATION - 1} pictures" in words(app)


def test_a_folder_that_is_not_there_or_holds_several_data_sets_is_told(open_app, photos, tmp_path):
    app = fine(open_app("evaluation"))
    app.text_input(key=FOLDER).set_value(str(tmp_path / "nowhere")).run()
    assert "which is no folder" in app.error[0].value
    shutil.copytree(photos, tmp_path / "sets" / "one")
    app.text_input(key=FOLDER).set_value(str(tmp_path / "sets")).run()
    assert "holds data sets" in app.info[0].value
    app.pills(key="eval-used-sets").set_value(str(tmp_path / "sets" / "one")).run()
    assert f"of {2 * VALIDATION} pictures" in words(fine(app))
    again = fine(open_app("evaluation"))
    assert "sets/one" in again.pills(key="eval-used").options
    assert again.text_input(key=FOLDER).value == str(photos)


def test_without_any_folder_the_page_asks_for_one(open_app, fresh_folders, monkeypatch):
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    app = fine(open_app("evaluation"))
    assert "No photos to evaluate on yet" in app.info[0].value


def test_the_figures_can_be_taken_away_with_code_that_makes_them_again(open_app, photos, monkeypatch):
    taken = taken_away(monkeypatch)
    fine(open_app("evaluation"))
    arrays, scope = check(taken["evaluation-export"])
    assert scope["predictions"].paths == tuple(arrays["paths"])
    assert len(taken["evaluation-export"]["csv"]().splitlines()) == 1 + 2 * VALIDATION


def test_the_history_beside_a_network_is_drawn_with_the_notes_of_its_card(
    open_app, fresh_folders, models_folder, project_root, tmp_path, monkeypatch
):
    shutil.copytree(models_folder, tmp_path / "models")
    shutil.copy(project_root / "models" / "cats_dogs" / "history.csv", tmp_path / "models" / "tiny")
    card = tmp_path / "models" / "tiny" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "notes": ["Trained in a hurry."]}))
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "models"))
    taken = taken_away(monkeypatch)
    app = fine(open_app("evaluation"))
    assert "How it was trained" in words(app)
    assert "Trained in a hurry." in words(app)
    arrays, scope = check(taken["training-export"])
    assert len(arrays["val_loss"]) == len(scope["history"]) == 48


@pytest.fixture
def other_heads(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that answers with a number, and one that answers with a number and with a class, twice."""
    (tmp_path / "models").mkdir()
    inputs = keras.Input((24, 24, 3))
    mean = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    age = layers.Dense(1, name="age")(mean)
    outputs = [age, *(layers.Dense(2, "softmax", name=name)(mean) for name in ("kind", "coat"))]
    write_tiny_model_folder(tmp_path / "models", "age", keras.Model(inputs, age), ("years",))
    classes = {"age": ("years",), "kind": ("cats", "dogs"), "coat": ("dogs", "cats")}
    write_tiny_model_folder(tmp_path / "models", "several", keras.Model(inputs, outputs), classes)
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "models"))


@pytest.mark.usefixtures("other_heads")
def test_a_network_without_classes_is_told_in_a_sentence(open_app):
    app = fine(open_app("evaluation", model="age"))
    assert "no answer is simply right or wrong" in app.info[0].value
    assert not app.metric


@pytest.mark.usefixtures("other_heads")
def test_of_several_outputs_one_that_answers_with_a_class_is_chosen(open_app):
    app = fine(open_app("evaluation", model="several"))
    assert app.selectbox(key="eval_head").options == ["kind", "coat"]
    assert "answered" in words(app)
    right = int(figures(app)["Right"])
    app.selectbox(key="eval_head").set_value("2").run()
    assert f"of {2 * VALIDATION} pictures" in words(fine(app))
    assert 0 <= right <= 2 * VALIDATION
    mistakes = [button for button in app.button if str(button.key).startswith("mistake-")]
    assert len(mistakes) == 2 * VALIDATION - int(figures(app)["Right"])


def test_many_strange_folders_are_asked_about_up_to_a_limit(open_app, photos):
    for number in range(MOST_ASKED + 2):
        write_photo(photos / "validation" / f"kind {number}" / "a.jpg", COLD, seed=number)
    app = fine(open_app("evaluation"))
    assert sum(str(box.key).startswith("eval_as_") for box in app.selectbox) == MOST_ASKED
    assert f"The first {MOST_ASKED} of {MOST_ASKED + 2}" in words(app)


def test_the_words_of_a_match_stay_short():
    counts = {f"class {number}": 2 for number in range(10)}
    lines = matching_lines(counts, {name: place for place, name in enumerate(counts)}, list(counts))
    assert len(lines) == 1
    assert "20 pictures" in lines[0]
    assert lines[0].endswith("and 4 more.")
    assert unread_words([Path(f"cats/{number}.jpg") for number in range(7)]).endswith("4.jpg and 2 more.")


def test_pictures_that_the_card_knows_are_told(open_app, photos):
    from dashboard.session.resources import explorer

    card = explorer().card("tiny")
    card.metadata["data"] = {"training": {"file_list_sha256": "a"}, "validation": {"file_list_sha256": "b"}}
    assert "trained on" in known_set_words(card, "a")
    assert "states 50.0" in known_set_words(card, "b")
    assert known_set_words(card, "c") == ""
