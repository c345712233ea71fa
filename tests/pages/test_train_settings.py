"""Train, sections Augmentation and Settings, and the launcher in the sidebar."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from run_folders import CONFIG, write_run
from streamlit.testing.v1 import AppTest
from tiny_photos import write_tiny_photos

from cnn_core.datasets.source import DataSource
from cnn_core.errors import TrainingError
from cnn_core.runs.locks import take_lock
from cnn_core.runs.runs import Runs
from cnn_core.training.config import Augmentation, TrainingConfig
from cnn_core.training.presets import PRESETS, preset_named
from dashboard.train_augmentation import STARTS, VARIANTS, in_words, variants

PREVIEW_SECONDS = 0.1


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test here meets the runs of another one, nor the folders that it used."""
    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def many_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos enough for the largest batch of a preset."""
    return write_tiny_photos(tmp_path_factory.mktemp("many") / "photos", training=66, validation=3)


@pytest.fixture
def photos(many_photos: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set that the environment names."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(many_photos))
    return many_photos


Launched = list[tuple[TrainingConfig, DataSource, str | None]]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Launched:
    """What is launched, instead of processes."""
    calls: Launched = []

    def launch(self, config, source, *, title=None):
        calls.append((config, source, title))
        return write_run(tmp_path / "runs", f"run-{len(calls)}", "paused", epochs=0).name

    monkeypatch.setattr(Runs, "launch", launch)
    return calls


def clean(app: AppTest) -> AppTest:
    assert not app.exception
    assert [error.value for error in app.error] == []
    return app


def words(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def pictures(app: AppTest) -> list[str]:
    """The sources of the pictures of the preview."""
    pieces = [element.proto.body for element in app.get("html")]
    rows = [piece for piece in pieces if "<figure" in piece]
    return rows[0].split("<figure")[1:] if rows else []


def number(app: AppTest) -> dict[str, float]:
    return {str(each.key): each.value for each in app.number_input}


def test_one_photo_is_shown_with_five_variants_that_differ(open_app):
    app = clean(open_app("train", section="augmentation", start="together"))
    assert len(pictures(app)) == 1 + VARIANTS
    assert len(set(pictures(app))) == 1 + VARIANTS
    assert "never augmented" in words(app)


@pytest.mark.parametrize(("preset", "start"), [("lecture_baseline", "together"), ("photo_cnn", "settings")])
def test_it_opens_on_what_training_uses_or_where_that_is_nothing_on_all_together(open_app, preset, start):
    app = clean(open_app("train", section="augmentation", preset=preset))
    assert app.selectbox(key="start").value == start
    assert len(set(pictures(app))) == 1 + VARIANTS


def test_the_sliders_and_others_change_the_variants_and_not_the_original(open_app):
    app = open_app("train", section="augmentation", start="together")
    first = pictures(app)
    app.slider(key="try_rotation_degrees").set_value(5.0).run()
    second = pictures(clean(app))
    app.button(key="variants-next").click().run()
    third = pictures(clean(app))
    assert first[0] == second[0] == third[0]
    assert first[1] != second[1] != third[1]


def test_without_any_change_all_variants_are_the_photo(open_app):
    app = clean(open_app("train", section="augmentation", start="none"))
    bodies = [picture.split('alt="')[0] for picture in pictures(app)]
    assert len(set(bodies)) == 1


def test_a_copied_link_shows_the_same_variants(open_app):
    first = open_app("train", section="augmentation", start="together", try_zoom="0.3", variants="4")
    second = open_app("train", section="augmentation", start="together", try_zoom="0.3", variants="4")
    assert pictures(first) == pictures(second)
    assert pictures(first) != pictures(
        open_app("train", section="augmentation", start="together", variants="4")
    )


def test_what_the_preview_shows_can_be_used_for_training(open_app, photos, launched):
    app = open_app("train", section="augmentation", start="rotation", preset="lecture_baseline")
    app.button(key="use-augmentation").click().run()
    assert app.button(key="use-augmentation").disabled
    app.segmented_control(key="section").set_value("settings").run()
    assert "rotation up to 45°" in words(app)
    clean(app.button(key="start-training").click().run())
    assert launched[0][0].augmentation == Augmentation(rotation_degrees=45.0)


def test_the_preview_is_made_by_the_code_that_trains_and_by_a_seed():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    made = [variants(pixels, STARTS["together"][1], seed=seed, side_px=64) for seed in (0, 0, 1)]
    assert all(np.array_equal(one, other) for one, other in zip(made[0], made[1], strict=True))
    assert not np.array_equal(made[0][0], made[2][0])
    assert [picture.shape for picture in made[0]] == [(64, 64, 3)] * VARIANTS


def test_five_variants_take_less_than_a_tenth_of_a_second():
    pixels = np.random.default_rng(0).integers(0, 256, (188, 188, 3), dtype=np.uint8)
    everything = replace(STARTS["photo_cnn"][1])
    times = []
    for _ in range(5):
        start = time.perf_counter()
        variants(pixels, everything, seed=0, side_px=150)
        times.append(time.perf_counter() - start)
    assert min(times) < PREVIEW_SECONDS


def test_an_augmentation_is_told_in_words():
    assert in_words(Augmentation()) == "no augmentation"
    assert in_words(Augmentation(flip=True, zoom=0.5)) == "flip, zoom 0.5"


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_preset_shows_its_parameters_and_starts_with_its_own_settings(
    open_app, photos, launched, preset
):
    app = clean(open_app("train", section="settings", preset=preset.key))
    assert f"{preset.parameters:,} parameters" in words(app)
    clean(app.button(key="start-training").click().run())
    assert launched[0][0] == preset.config
    assert launched[0][1].folders == (str(photos),)


def test_every_setting_can_be_edited(open_app, photos):
    app = clean(open_app("train", section="settings", preset="transfer"))
    widgets = (*app.number_input, *app.selectbox, *app.toggle, *app.text_input)
    keys = {str(widget.key) for widget in widgets}
    wanted = {f"set_{each.name}" for each in fields(TrainingConfig)} - {"set_preset", "set_augmentation"}
    assert wanted | {f"aug_{each.name}" for each in fields(Augmentation)} <= keys


def test_changed_settings_are_named_launched_and_in_the_address(open_app, photos, launched):
    app = open_app("train", section="settings", preset="lecture_baseline")
    app.number_input(key="set_epochs").set_value(4).run()
    app.selectbox(key="set_optimizer").set_value("sgd").run()
    app.text_input(key="set_sizes_px").set_value("96, 128").run()
    app.text_input(key="set_stage_shares").set_value("0.5, 0.5").run()
    app.text_input(key="run-title").set_value("**Mine**").run()
    clean(app)
    assert "Epochs, Optimizer" in words(app)
    assert app.query_params["set_epochs"] in ("4", ["4"])
    assert "set_batch_size" not in app.query_params
    app.button(key="start-training").click().run()
    config, _, title = launched[0]
    assert (config.epochs, config.optimizer, config.sizes_px, config.stage_shares) == (
        4,
        "sgd",
        (96, 128),
        (0.5, 0.5),
    )
    assert title == "**Mine**"


def test_the_epochs_of_the_film_can_be_named(open_app, photos, launched):
    app = clean(open_app("train", section="settings", preset="lecture_baseline", set_film_frames="4"))
    assert "spread over the run, as no epochs are named: before training, 1, 4, 15." in words(app)
    app.text_input(key="set_film_epochs").set_value("0, 1, 5, 10").run()
    assert "4 of the epochs are kept, as named: before training, 1, 5, 10." in words(clean(app))
    app.button(key="start-training").click().run()
    assert launched[0][0].film_epochs == (0, 1, 5, 10)


@pytest.mark.parametrize("text", ["0, 16", "5, 2", "first", "1.5"])
def test_epochs_of_the_film_that_the_run_does_not_have_are_told_and_not_started(open_app, photos, text):
    app = open_app("train", section="settings", preset="lecture_baseline", set_film_epochs=text)
    assert not app.exception
    assert any("film" in error.value and "Received" in error.value for error in app.error)
    assert app.button(key="start-training").disabled


def test_another_preset_brings_its_own_settings_and_the_way_back_is_one_click(open_app, photos):
    app = open_app("train", section="settings", preset="lecture_baseline", set_epochs="4")
    assert number(app)["set_epochs"] == 4
    app.button(key="reset-settings").click().run()
    assert number(clean(app))["set_epochs"] == 15
    app.number_input(key="set_epochs").set_value(9).run()
    app.selectbox(key="preset").set_value("report_baseline").run()
    assert number(clean(app))["set_epochs"] == preset_named("report_baseline").config.epochs
    assert "set_epochs" not in app.query_params


@pytest.mark.parametrize(
    ("field", "text"), [("set_sizes_px", "96, 128"), ("set_sizes_px", "large"), ("set_stage_shares", "0.5")]
)
def test_settings_that_do_not_go_together_are_told_and_not_started(open_app, photos, field, text):
    app = open_app("train", section="settings", preset="lecture_baseline")
    app.text_input(key=field).set_value(text).run()
    assert not app.exception
    assert "Expected" in app.error[0].value
    assert app.button(key="start-training").disabled


def test_an_address_full_of_nonsense_is_ignored(open_app, photos):
    nonsense = {"set_epochs": "-3", "set_optimizer": "magic", "aug_zoom": "nan", "preset": "none"}
    app = clean(open_app("train", section="settings", **nonsense))
    assert number(app)["set_epochs"] == PRESETS[0].config.epochs
    assert number(app)["aug_zoom"] == 0.0


@pytest.mark.parametrize(
    ("field", "value"), [("epochs", 900), ("batch_size", -3), ("learning_rate", -1.0), ("dropout", 2.0)]
)
def test_a_number_out_of_range_is_told_and_not_started(open_app, photos, field, value):
    app = open_app("train", section="settings", preset="lecture_baseline")
    app.number_input(key=f"set_{field}").set_value(value).run()
    assert not app.exception
    assert app.number_input(key=f"set_{field}").value == value
    assert any(field in error.value.replace("\\", "") and "from" in error.value for error in app.error)
    assert app.button(key="start-training").disabled
    assert f"set_{field}" not in app.query_params


def test_too_few_photos_for_a_batch_are_told_before_the_start(open_app, launched, tmp_path, monkeypatch):
    few = write_tiny_photos(tmp_path / "few", training=6, validation=3)
    monkeypatch.setenv("CONVSCOPE_DATA", str(few))
    app = clean(open_app("train", section="settings", preset="lecture_baseline"))
    assert app.button(key="start-training").disabled
    assert "fewer than one batch" in app.warning[0].value
    app.button(key="sidebar-start").click().run()
    assert "Lower the batch size" in app.error[0].value
    assert launched == []
    app.button(key="lower-batch").click().run()
    assert not app.button(key="start-training").disabled
    app.button(key="sidebar-start").click().run()
    assert launched[0][0].batch_size == 8


def test_title_and_settings_are_still_there_after_another_section_and_a_start(open_app, photos, launched):
    app = open_app("train", section="settings", preset="lecture_baseline")
    app.number_input(key="set_batch_size").set_value(16).run()
    app.text_input(key="run-title").set_value("Mine").run()
    app.segmented_control(key="section").set_value("data").run()
    app.segmented_control(key="section").set_value("settings").run()
    assert app.text_input(key="run-title").value == "Mine"
    app.button(key="start-training").click().run()
    app.switch_page("pages/activations.py").run()
    app.switch_page("pages/train.py").run()
    app.segmented_control(key="section").set_value("settings").run()
    assert number(clean(app))["set_batch_size"] == 16


def test_the_sidebar_starts_with_the_settings_of_the_page(open_app, photos, launched):
    app = open_app("train", section="settings", preset="article_cnn")
    app.number_input(key="set_epochs").set_value(3).run()
    app.switch_page("pages/activations.py").run()
    assert app.selectbox(key="sidebar-preset").value == "article_cnn"
    app.button(key="sidebar-start").click().run()
    assert (launched[0][0].preset, launched[0][0].epochs) == ("article_cnn", 3)
    assert app.query_params["section"] in ("progress", ["progress"])


def test_the_preview_opens_with_the_settings_that_will_be_used(open_app):
    app = clean(open_app("train", section="augmentation", preset="report_regularized"))
    wanted = preset_named("report_regularized").config.augmentation
    assert app.slider(key="try_rotation_degrees").value == wanted.rotation_degrees
    assert app.button(key="use-augmentation").disabled


def test_a_start_opens_the_progress_of_the_new_run(open_app, photos, launched):
    app = open_app("train", section="settings")
    clean(app.button(key="start-training").click().run())
    assert app.query_params["section"] in ("progress", ["progress"])
    assert app.query_params["run"] in ("run-1", ["run-1"])


def test_without_data_nothing_can_be_started_and_the_way_to_data_is_shown(open_app):
    app = clean(open_app("train", section="settings"))
    assert app.button(key="start-training").disabled
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


def test_a_new_run_is_told_that_it_will_wait(open_app, photos, tmp_path):
    folder = write_run(tmp_path / "runs", "alive", "running", title="The first")
    with take_lock(folder / ".lock"):
        app = clean(open_app("train", section="settings"))
    assert any("The first" in info.value and "waits" in info.value for info in app.info)


def test_the_run_that_trains_is_named_and_not_one_that_waits(open_app, photos, tmp_path):
    first = write_run(tmp_path / "runs", "first", "running", title="The first")
    queue = {"ticket": 1, "device": "cpu"}
    second = write_run(tmp_path / "runs", "a-second", "queued", title="The second", queue=queue)
    about = json.loads((second / "config.json").read_text())
    (second / "config.json").write_text(json.dumps(about | {"created": 1.0}))
    with take_lock(first / ".lock"), take_lock(second / ".lock"):
        app = clean(open_app("train", section="settings"))
    assert any("The first is being trained" in info.value for info in app.info)


def test_a_run_on_another_device_makes_nobody_wait(open_app, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "dashboard.train_settings.device_of", lambda wish: "gpu" if wish == "automatic" else "cpu"
    )
    monkeypatch.setattr("dashboard.sidebar_training.device_of", lambda wish: "cpu")
    folder = write_run(tmp_path / "runs", "alive", "running", title="The first")
    with take_lock(folder / ".lock"):
        app = clean(open_app("train", section="settings"))
    assert not any("waits" in info.value for info in app.info)


def test_parameters_are_told_only_while_they_are_those_of_the_preset(open_app, photos):
    app = clean(open_app("train", section="settings", preset="lecture_baseline"))
    assert "parameters** for two classes at 150 px" in words(app)
    app.number_input(key="set_input_size_px").set_value(96).run()
    assert "parameters**" not in words(clean(app))


def test_how_long_it_may_take_is_judged_by_an_earlier_run(open_app, photos, tmp_path):
    write_run(tmp_path / "runs", "before", "finished", config=CONFIG)
    app = clean(open_app("train", section="settings", preset="lecture_baseline"))
    assert "About 16 s, judged by an earlier run" in words(app)


def test_the_sidebar_starts_a_preset_on_every_page(open_app, photos, launched):
    app = clean(open_app())
    app.selectbox(key="sidebar-preset").set_value("article_cnn").run()
    clean(app.button(key="sidebar-start").click().run())
    assert launched[0][0] == preset_named("article_cnn").config
    assert launched[0][1].folders == (str(photos),)


def test_the_sidebar_shows_the_run_on_its_way_and_stops_it(open_app, tmp_path):
    folder = write_run(
        tmp_path / "runs", "alive", "running", title="Night run", epoch=2, epochs=6, step=0, steps=4
    )
    with take_lock(folder / ".lock"):
        app = clean(open_app("activations"))
        assert "Epoch 2 of 6" in words(app)
        clean(app.button(key="sidebar-cancel").click().run())
    assert "cancelled" in (folder / "stop.json").read_text()


def test_without_data_the_sidebar_leads_to_the_choice_of_photos(open_app):
    app = clean(open_app())
    assert not any(button.key == "sidebar-start" for button in app.button)


def test_where_there_is_no_network_yet_one_can_be_trained(open_app, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_MODELS", str(tmp_path / "no_models"))
    app = open_app("train", section="settings")
    assert not app.exception
    assert app.title[0].value == "Train"
    assert not app.button(key="start-training").disabled
