"""Folders that are missing, damaged or unwritable: said in a sentence, and the app goes on."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import streamlit as st

from dashboard.session.jobs import Jobs, Waiting
from dashboard.session.state import KEY

pytestmark = pytest.mark.usefixtures("fresh_folders")
SECONDS = 60


@pytest.fixture
def models_with_a_damaged_one(models_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models; the file of the second is cut off."""
    folder = tmp_path / "models"
    shutil.copytree(models_folder, folder)
    shutil.copytree(folder / "tiny", folder / "damaged")
    path = folder / "damaged" / "model.keras"
    path.write_bytes(path.read_bytes()[:500])
    monkeypatch.setenv("CONVSCOPE_MODELS", str(folder))
    return folder


@pytest.fixture
def data_set(tmp_path: Path, photo_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of three pictures, one of them damaged."""
    for name, content in {
        "a.png": photo_bytes,
        "b.png": photo_bytes,
        "damaged.png": photo_bytes[:90],
    }.items():
        path = tmp_path / "data" / "validation" / "cats" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("page", [None, "activations", "filter_patterns", "heat_maps"])
def test_a_damaged_model_is_told_and_another_can_be_chosen(open_app, models_with_a_damaged_one, page):
    app = open_app(page, model="damaged")
    assert not app.exception
    assert "damaged" in app.error[0].value
    app.selectbox(key="model").set_value("tiny").run()
    assert not app.error
    assert not app.exception


def test_a_model_whose_card_cannot_be_read_is_named_with_the_reason(open_app, models_with_a_damaged_one):
    (models_with_a_damaged_one / "damaged" / "card.json").write_text('{"classes": ["a"]}')
    app = open_app()
    told = [box for box in app.sidebar.expander if box.label == "1 model is left out"]
    assert "without the field 'input'" in told[0].markdown[0].value
    assert told[0].markdown[0].value.startswith("**damaged**: ")
    assert not app.exception


def test_a_page_that_stops_early_leaves_the_jobs_of_the_one_before(open_app, tmp_path, monkeypatch):
    app, jobs, end = open_app(), Jobs(), threading.Event()
    held = app.session_state[KEY]
    job = jobs.start("key", lambda progress: end.wait(SECONDS), held.name)
    held.waiting["part"] = Waiting(jobs=jobs, key="key", stays=False)
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "nothing_here"))
    st.cache_resource.clear()
    app.switch_page("pages/heat_maps.py").run()
    assert job.cancelled.is_set()
    end.set()


def test_without_any_model_the_page_says_what_to_do(open_app, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "nothing_here"))
    app = open_app()
    assert not app.exception
    assert app.title[0].value == "No network to look into"
    assert "Restore" in app.error[0].value


def test_a_cache_that_cannot_be_written_is_told_and_done_without(open_app, tmp_path, monkeypatch):
    blocked = tmp_path / "a_file"
    blocked.write_text("no folder")
    monkeypatch.setenv("CONVSCOPE_CACHE", str(blocked / "cache"))
    app = open_app("activations")
    app.run()
    assert not app.exception
    assert not app.error
    assert app.warning


def test_a_picture_of_the_data_set_can_be_named_in_the_address_and_others_chosen_by_a_click(
    open_app, data_set
):
    app = open_app(photo="validation/cats/b.png")
    assert not app.error
    assert not app.exception
    assert app.session_state["photo"] == "validation/cats/b.png"
    app.button(key="photo-data-photos-0").click().run()
    assert app.session_state["photo"].startswith("validation/cats/")
    app.button(key="data-next").click().run()
    assert not app.exception
    for picture in (data_set / "validation" / "cats").iterdir():
        picture.unlink()
    app.run()
    assert len(app.error) == 1
    assert "can be read" in app.error[0].value
    assert not app.exception


def test_a_damaged_picture_of_the_data_set_is_told_and_a_sample_shown(open_app, data_set):
    app = open_app(photo="validation/cats/damaged.png")
    assert len(app.error) == 1
    assert "damaged" in app.error[0].value
    assert not app.exception
    assert app.title[0].value == "What the network sees"


@pytest.mark.parametrize("name", ["validation/cats/../../../secret.png", "validation/dogs/a.png", "a.png"])
def test_an_address_cannot_name_files_outside_the_data_set(open_app, data_set, name):
    (data_set.parent / "secret.png").write_bytes((data_set / "validation" / "cats" / "a.png").read_bytes())
    app = open_app(photo=name)
    assert app.session_state["photo"] != name
    assert not app.exception


@pytest.mark.parametrize("folder", ["empty", "missing"])
@pytest.mark.parametrize("page", [None, "activations"])
def test_without_samples_the_page_asks_for_a_photo_and_takes_one(
    open_app, photo_bytes, tmp_path, monkeypatch, folder, page
):
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("cnn_core.paths.samples_folder", lambda: tmp_path / folder)
    app = open_app(page)
    assert not app.exception
    assert app.title[0].value == "No photo to look at"
    app.file_uploader[0].upload("mine.png", photo_bytes)
    app.run()
    assert not app.exception
    assert not app.error
    assert app.title[0].value != "No photo to look at"
    app.button(key="forget").click().run()
    assert not app.exception


def test_a_data_set_that_cannot_be_read_is_told_and_the_page_goes_on(open_app, data_set, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("dashboard.session.photos.pictures_in", refuse)
    app = open_app(photo="validation/cats/b.png")
    assert not app.exception
    assert not app.error
    assert any("cannot be read" in warning.value for warning in app.warning)
    assert app.title[0].value == "What the network sees"


def test_one_button_makes_the_page_ready_for_a_projector_and_back(open_app):
    app = open_app("heat_maps")

    def large() -> bool:
        return any("font-size: 125%" in one.proto.body for one in app.get("html"))

    assert not large()
    app.button(key="present").click().run()
    assert large()
    app.switch_page("pages/activations.py").run()
    assert large()
    app.button(key="present").click().run()
    assert not large()
