"""Train, sections Augmentation and Settings, and the launcher in the sidebar."""

from __future__ import annotations

from dataclasses import fields

import pytest
from launch_settings import clean, number, words
from streamlit.testing.v1 import AppTest
from tiny_photos import write_tiny_photos

from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named

pytestmark = pytest.mark.usefixtures("fresh_folders")


@pytest.mark.parametrize(
    "preset", [one for one in PRESETS if not one.several_heads], ids=lambda preset: preset.key
)
def test_every_preset_shows_its_parameters_and_starts_with_its_own_settings(
    open_app, photos, launched, preset
):
    app = clean(open_app("train", section="settings", preset=preset.key))
    assert f"{preset.parameters:,} parameters" in words(app)
    clean(app.button(key="start-training").click().run())
    assert launched[0][0] == preset.config
    assert launched[0][1].folders == (str(photos),)


def test_a_preset_of_several_answers_waits_for_folders_that_tell_them(open_app, photos):
    app = open_app("train", section="settings", preset="lines_heads")
    assert not app.exception
    assert app.button(key="start-training").disabled
    assert any("length=15px,colour=red" in warning.value for warning in app.warning)


def test_every_setting_can_be_edited(open_app, photos):
    effective = {"set_optimizer": "adamw", "set_sizes_px": "160", "set_stage_shares": "1"}
    app = clean(open_app("train", section="settings", preset="transfer", **effective))
    widgets = (*app.number_input, *app.selectbox, *app.toggle, *app.text_input)
    keys = {str(widget.key) for widget in widgets}
    wanted = {f"set_{each.name}" for each in fields(TrainingConfig)} - {"set_preset", "set_augmentation"}
    assert wanted | {f"aug_{each.name}" for each in fields(Augmentation)} <= keys


def test_fields_that_would_change_nothing_are_left_out_until_they_do(open_app, photos):
    of_others = {"set_base", "set_fine_tuning_epochs"}
    for settings, absent in (
        ({}, of_others | {"set_weight_decay", "set_stage_shares"}),
        (
            {"set_optimizer": "adamw", "set_sizes_px": "150"},
            of_others,
        ),  # shares are missing, which is refused
    ):
        app = open_app("train", section="settings", preset="report_baseline", **settings)
        widgets = (*app.number_input, *app.selectbox, *app.text_input)
        assert not absent & {str(widget.key) for widget in widgets}
    assert "set_stage_shares" in {str(widget.key) for widget in app.text_input}


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
    assert app.query_params["section"] in ("progress", ["progress"])
    assert app.query_params["run"] in ("run-1", ["run-1"])


def test_the_epochs_to_keep_can_be_named(open_app, photos, launched):
    app = clean(open_app("train", section="settings", preset="lecture_baseline", set_checkpoint_count="4"))
    assert ": before training, 1, 4, 15." in words(app)
    app.text_input(key="set_checkpoint_epochs").set_value("0, 1, 5, 10").run()
    assert ": before training, 1, 5, 10." in words(clean(app))
    app.button(key="start-training").click().run()
    assert launched[0][0].checkpoint_epochs == (0, 1, 5, 10)


def test_another_preset_brings_its_own_settings_and_the_way_back_is_one_click(open_app, photos):
    app = open_app("train", section="settings", preset="lecture_baseline", set_epochs="4")
    assert number(app)["set_epochs"] == 4
    app.button(key="reset-settings").click().run()
    assert number(clean(app))["set_epochs"] == 15
    app.number_input(key="set_epochs").set_value(9).run()
    app.selectbox(key="preset").set_value("report_baseline").run()
    assert number(clean(app))["set_epochs"] == preset_named("report_baseline").config.epochs
    assert "set_epochs" not in app.query_params


def test_an_address_full_of_nonsense_is_ignored(open_app, photos):
    nonsense = {"set_epochs": "-3", "set_optimizer": "magic", "aug_zoom": "nan", "preset": "none"}
    app = clean(open_app("train", section="settings", **nonsense))
    assert number(app)["set_epochs"] == PRESETS[0].config.epochs
    assert number(app)["aug_zoom"] == 0.0


def complaints(app: AppTest) -> str:
    assert not app.exception
    return " ".join(error.value for error in app.error).replace("\\", "")


def test_texts_that_are_no_setting_are_told_and_not_started(open_app, photos):
    shares = {"set_sizes_px": "96, 120", "set_stage_shares": "0.5, 0.3"}
    app = open_app("train", section="settings", preset="lecture_baseline", **shares)
    assert "Expected Shares of the epochs that are together 1" in complaints(app)
    assert app.button(key="start-training").disabled
    for field in shares:
        app.text_input(key=field).set_value("").run()
    assert complaints(app) == ""
    wrong = [("checkpoint_epochs", text) for text in ("0, 16", "first", "1.5")]
    wrong += [("sizes_px", "96, 128"), ("sizes_px", "large"), ("stage_shares", "0.5")]
    for field, text in wrong:
        widget = app.text_input(key=f"set_{field}").set_value(text)
        assert "Received" in complaints(widget.run()), (field, text)
        assert app.button(key="start-training").disabled
        app.text_input(key=f"set_{field}").set_value("").run()


def test_numbers_out_of_range_are_told_and_not_started(open_app, photos):
    app = open_app("train", section="settings", preset="lecture_baseline")
    for field, value in (("epochs", 900), ("batch_size", -3), ("learning_rate", -1.0), ("dropout", 2.0)):
        before = app.number_input(key=f"set_{field}").value
        app.number_input(key=f"set_{field}").set_value(value).run()
        assert app.number_input(key=f"set_{field}").value == value
        assert field.replace("_", " ") in complaints(app).lower()
        assert "from" in complaints(app)
        assert app.button(key="start-training").disabled
        assert f"set_{field}" not in app.query_params
        app.number_input(key=f"set_{field}").set_value(before).run()


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
