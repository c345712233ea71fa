"""Train: the data that were used last are those of a new session, and unusable ones are never ready."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from data_section import said, scanned, with_folder, with_zip
from run_folders import CONFIG, write_run
from streamlit.testing.v1 import AppTest
from tiny_photos import packed, write_class_folders

from cnn_core.datasets.recent_folders import origin_of, used_folders
from cnn_core.runs.device_queue import device_lock
from cnn_core.runs.locks import take_lock
from dashboard.run_setup.data_choice import FOLDER
from dashboard.training.settings import time_sentence

pytestmark = pytest.mark.usefixtures("fresh_folders")


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the environment, which holds two data sets."""
    for name in ("first", "second"):
        write_class_folders(tmp_path / "data" / name, 10)
    (tmp_path / "data" / "mnist").mkdir()
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def sidebar_says(app: AppTest) -> str:
    return " ".join(element.value for element in app.sidebar.caption)


def can_start(app: AppTest) -> bool:
    return any(button.key == "sidebar-start" for button in app.button)


def test_a_folder_is_still_chosen_after_a_reload_on_every_page(open_app, several):
    with_folder(open_app("train", section="data"), several / "second")
    app = open_app()
    assert not app.exception
    assert "On second" in sidebar_says(app)
    app = open_app("train", section="settings")
    assert "**second**: 16 training photos" in said(app)
    assert not app.error


def test_an_unpacked_zip_is_still_chosen_after_a_reload_and_offered_again_after_another_choice(
    open_app, several, tmp_path
):
    pets = write_class_folders(tmp_path / "elsewhere", 10)
    with_zip(open_app("train", section="data"), packed(pets), "pets.zip")
    for app in (open_app(), open_app("train", section="settings", origin="upload")):
        assert "On pets" in sidebar_says(app)
        assert can_start(app)
    app = scanned(open_app("train", section="data"))
    assert app.segmented_control(key="origin").value == "upload"
    assert "pets.zip is unpacked" in said(app)
    assert app.subheader[0].value == "pets"
    assert not any("pets" in str(value) for value in app.query_params.values())
    app.segmented_control(key="origin").set_value("folder").run()
    app = with_folder(app, several / "first")
    offered = app.button_group(key="data-used")
    assert "pets (from a zip)" in [option.content.replace("\\", "") for option in offered.proto.options]
    zipped = next(folder for folder in used_folders() if origin_of(folder) == "upload")
    app = scanned(offered.set_value(zipped).run())
    assert not app.exception
    assert app.segmented_control(key="origin").value == "upload"
    assert "On pets" in sidebar_says(app)
    assert "pets.zip is unpacked" in said(app)


@pytest.mark.parametrize("origin", ["download", "upload", "nonsense"])
def test_a_reload_where_the_address_names_photos_that_are_not_there_loses_no_choice(
    open_app, several, project_root, origin
):
    with_folder(open_app("train", section="data"), several / "second")
    app = AppTest.from_file(str(project_root / "app.py"), default_timeout=60)
    app.switch_page("pages/train.py")
    app.query_params["section"], app.query_params["origin"] = "data", origin
    app = scanned(app.run())
    assert app.segmented_control(key="origin").value == "folder"
    assert app.subheader[0].value == "second"
    assert "On second" in sidebar_says(app)


def test_what_another_session_uses_does_not_change_the_data_of_this_one(open_app, several):
    with_folder(open_app("train", section="data"), several / "first")
    app = open_app("train", section="settings")
    with_folder(open_app("train", section="data"), several / "second")
    app.run()
    assert "On first" in sidebar_says(app)


def test_of_a_folder_of_data_sets_one_can_be_chosen(open_app, several):
    app = open_app("train", section="data")
    assert not app.error
    assert "data holds data sets: choose one" in said(app).replace("*", "")
    assert "No photos to train on yet" not in said(app)
    assert not can_start(app)
    offered = app.button_group(key="data-used-sets")
    assert [option.content for option in offered.proto.options] == ["first", "second"]
    app = scanned(offered.set_value(str(several / "second")).run())
    assert app.text_input(key=FOLDER).value == str(several / "second")
    assert not app.error
    assert not app.exception
    assert app.subheader[0].value == "second"


def test_settings_offers_the_data_sets_too(open_app, several):
    app = open_app("train", section="settings")
    assert app.button(key="start-training").disabled
    app.button_group(key="settings-used-sets").set_value(str(several / "first")).run()
    assert not app.exception
    assert "**first**: 16 training photos" in said(app)
    assert "On first" in sidebar_says(app)


def test_the_sidebar_offers_no_start_on_a_folder_that_cannot_be_trained_on(open_app, tmp_path):
    one_class = write_class_folders(tmp_path / "one", 3)
    for path in (one_class / "dogs").iterdir():
        path.unlink()
    app = with_folder(open_app("train", section="data"), one_class)
    assert "one cannot be trained on as it is" in sidebar_says(app)
    assert not can_start(app)


def test_no_time_is_told_while_there_are_no_photos(open_app, tmp_path):
    write_run(tmp_path / "runs", "before", "finished", config=CONFIG)
    app = open_app("train", section="settings", preset="lecture_baseline")
    assert "First choose the photos" in said(app)
    assert "judged by an earlier run" not in said(app)
    assert "timer" not in said(app)


def test_a_short_run_is_told_with_the_time_of_its_start():
    assert time_sentence(0.2) == (
        "About 1 s of training, judged by an earlier run, and 10 to 20 s to start and to finish."
    )
    assert time_sentence(None) == "The time left is told after the first steps."


@pytest.mark.parametrize(("busy", "words"), [(False, "Preparing"), (True, "Waits, place 1")])
def test_a_run_is_told_to_wait_only_where_another_one_has_the_device(open_app, tmp_path, busy, words):
    queue = {"ticket": 1, "device": "cpu"}
    folder = write_run(tmp_path / "runs", "next", "queued", title="Next", history=0, queue=queue)
    device = device_lock("cpu")
    device.parent.mkdir(parents=True, exist_ok=True)
    with take_lock(folder / ".lock"), take_lock(device) if busy else nullcontext():
        app = open_app("train", section="progress", run="next")
    assert words in sidebar_says(app)
    assert f">{words.lower()}</span>" in said(app)
    assert ("Waits in the queue" in said(app)) == busy
