"""Settings side by side: all of them, and which differ."""

from __future__ import annotations

import dataclasses

from cnn_core.training.diagnosis.comparison import SettingRow, compared_settings
from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named

BASE = TrainingConfig(preset="report_baseline")
OTHER = dataclasses.replace(BASE, learning_rate=1e-4, augmentation=Augmentation(flip=True))


def row(rows: tuple[SettingRow, ...], field: str) -> SettingRow:
    return next(row for row in rows if row.field == field)


def test_every_setting_has_one_row() -> None:
    rows = compared_settings({"a": BASE, "b": OTHER})
    own = {field.name for field in dataclasses.fields(TrainingConfig)} - {"augmentation"}
    nested = {f"augmentation.{field.name}" for field in dataclasses.fields(Augmentation)}
    assert sorted(row.field for row in rows) == sorted(own | nested)


def test_settings_that_differ_come_first_and_are_marked() -> None:
    rows = compared_settings({"a": BASE, "b": OTHER})
    assert [row.field for row in rows if row.differs] == ["learning_rate", "augmentation.flip"]
    assert [row.differs for row in rows[:3]] == [True, True, False]


def test_the_others_stay_in_the_order_of_the_form() -> None:
    names = [row.field for row in compared_settings({"a": BASE})]
    assert names[:3] == ["preset", "epochs", "batch_size"]
    assert names[-1] == "augmentation.erase_fraction"


def test_values_are_told_by_run_and_for_people() -> None:
    rate = row(compared_settings({"a": BASE, "b": OTHER}), "learning_rate")
    assert rate.label == "Learning rate"
    assert rate.values == {"a": 0.001, "b": 0.0001}
    assert rate.texts == {"a": "0.001", "b": "0.0001"}


def test_switches_lists_and_presets_read_as_words() -> None:
    rows = compared_settings({"photo": preset_named("photo_cnn").config, "base": BASE})
    assert row(rows, "preset").texts == {"photo": "Photo CNN", "base": "Report, baseline"}
    assert row(rows, "sizes_px").texts == {"photo": "96, 128", "base": "–"}
    assert row(rows, "stage_shares").texts["photo"] == "0.65, 0.35"
    assert row(rows, "tensorboard").texts == {"photo": "no", "base": "no"}
    flip = row(rows, "augmentation.flip")
    assert (flip.label, flip.texts) == ("Augmentation: flip", {"photo": "yes", "base": "no"})


def test_a_preset_that_is_gone_is_told_by_its_key() -> None:
    rows = compared_settings({"old": dataclasses.replace(BASE, preset="long_gone")})
    assert row(rows, "preset").texts == {"old": "long_gone"}


def test_of_one_run_nothing_differs_and_of_none_there_is_nothing() -> None:
    assert not any(row.differs for row in compared_settings({"a": BASE}))
    assert compared_settings({}) == ()


def test_one_of_three_that_differs_is_enough() -> None:
    rows = compared_settings({"a": BASE, "b": BASE, "c": OTHER})
    assert row(rows, "learning_rate").differs
    assert not row(rows, "epochs").differs


def test_all_presets_can_be_compared_and_every_label_is_a_word() -> None:
    rows = compared_settings({preset.key: preset.config for preset in PRESETS})
    assert row(rows, "preset").differs
    assert not any("_" in row.label for row in rows)
    assert len({row.label for row in rows}) == len(rows)
