"""The start of a run, on the page Train and in the sidebar: what it starts, and when it cannot."""

from __future__ import annotations

import json

import pytest
from launch_settings import clean, words
from run_folders import CONFIG, write_run

from cnn_core.errors import TrainingError
from cnn_core.runs.locks import take_lock
from cnn_core.runs.runs import Runs
from cnn_core.training.settings.presets import preset_named

pytestmark = pytest.mark.usefixtures("fresh_folders")


def test_the_sidebar_starts_with_the_settings_of_the_page(open_app, photos, launched):
    app = open_app("train", section="settings", preset="article_cnn")
    app.number_input(key="set_epochs").set_value(3).run()
    app.switch_page("pages/activations.py").run()
    assert app.selectbox(key="sidebar-preset").value == "article_cnn"
    app.button(key="sidebar-start").click().run()
    assert (launched[0][0].preset, launched[0][0].epochs) == ("article_cnn", 3)
    assert app.query_params["section"] in ("progress", ["progress"])
    app.switch_page("pages/activations.py").run()
    app.selectbox(key="sidebar-preset").set_value("lecture_baseline").run()
    clean(app.button(key="sidebar-start").click().run())
    assert launched[1][0] == preset_named("lecture_baseline").config
    assert launched[1][1].folders == (str(photos),)


def test_without_data_nothing_can_be_started_and_the_way_to_data_is_shown(open_app):
    app = clean(open_app("train", section="settings"))
    assert app.button(key="start-training").disabled
    assert not any(button.key == "sidebar-start" for button in app.button)
    app.button(key="to-data").click().run()
    assert app.query_params["section"] in ("data", ["data"])


def test_a_launch_that_fails_is_told_and_the_page_stays(open_app, photos, monkeypatch):
    def refuse(self, config, source, *, title=None):
        raise TrainingError("A new run could not be started: No space left on device.")

    monkeypatch.setattr(Runs, "launch", refuse)
    app = open_app("train", section="settings")
    app.button(key="start-training").click().run()
    assert not app.exception
    assert any("No space left" in error.value for error in app.error)
    assert app.query_params["section"] in ("settings", ["settings"])


def test_the_run_that_trains_is_named_and_not_one_that_waits(open_app, photos, tmp_path):
    first = write_run(tmp_path / "runs", "first", "running", title="The first")
    queue = {"ticket": 1, "device": "cpu"}
    second = write_run(tmp_path / "runs", "a-second", "queued", title="The second", queue=queue)
    about = json.loads((second / "config.json").read_text())
    (second / "config.json").write_text(json.dumps(about | {"created": 1.0}))
    with take_lock(first / ".lock"), take_lock(second / ".lock"):
        app = clean(open_app("train", section="settings"))
    assert any("The first is being trained" in info.value and "waits" in info.value for info in app.info)


def test_a_run_on_another_device_makes_nobody_wait(open_app, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "dashboard.training.settings.device_of", lambda wish: "gpu" if wish == "automatic" else "cpu"
    )
    monkeypatch.setattr("dashboard.widgets.run_words.device_of", lambda wish: "cpu")
    folder = write_run(tmp_path / "runs", "alive", "running", title="The first")
    with take_lock(folder / ".lock"):
        app = clean(open_app("train", section="settings"))
    assert not any("waits" in info.value for info in app.info)


def test_parameters_and_how_long_it_may_take_are_told_while_they_are_known(open_app, photos, tmp_path):
    write_run(tmp_path / "runs", "before", "finished", config=CONFIG)
    app = clean(open_app("train", section="settings", preset="lecture_baseline"))
    assert "parameters** for 2 classes at 150 px" in words(app)
    assert "About 16 s of training, judged by an earlier run" in words(app)
    app.number_input(key="set_input_size_px").set_value(96).run()
    assert "parameters**" not in words(clean(app))


def test_the_sidebar_shows_the_run_on_its_way_and_stops_it(open_app, tmp_path):
    folder = write_run(
        tmp_path / "runs", "alive", "running", title="Night run", epoch=2, history=6, step=0, steps=4
    )
    with take_lock(folder / ".lock"):
        app = clean(open_app("activations"))
        assert "Epoch 2 of 6" in words(app)
        clean(app.button(key="sidebar-cancel").click().run())
    assert "cancelled" in (folder / "stop.json").read_text()


def test_where_there_is_no_network_yet_one_can_be_trained(open_app, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "no_models"))
    app = open_app("train", section="settings")
    assert not app.exception
    assert app.title[0].value == "Train"
    assert not app.button(key="start-training").disabled
