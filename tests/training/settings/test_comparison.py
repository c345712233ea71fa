"""Settings side by side: all of them, and which differ."""

from __future__ import annotations

import dataclasses

from cnn_core.training.settings.comparison import SettingRow, compared_settings
from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named

BASE = TrainingConfig(preset="report_baseline")
OTHER = dataclasses.replace(BASE, learning_rate=1e-4, augmentation=Augmentation(flip=True))


EVERYTHING = dataclasses.replace(
    preset_named("transfer").config, optimizer="adamw", sizes_px=(96,), stage_shares=(1.0,)
)  # whose settings all have an effect


def row(rows: tuple[SettingRow, ...], field: str) -> SettingRow:
    return next(row for row in rows if row.field == field)


def test_every_setting_with_an_effect_has_a_row_those_that_differ_first_others_as_in_the_form() -> None:
    erasing = dataclasses.replace(EVERYTHING, augmentation=Augmentation(erase_probability=0.2))
    other = dataclasses.replace(
        erasing, learning_rate=1e-4, augmentation=Augmentation(flip=True, erase_probability=0.2)
    )
    rows = compared_settings({"a": erasing, "b": other, "c": erasing})
    own = {field.name for field in dataclasses.fields(TrainingConfig)} - {"augmentation"}
    nested = {f"augmentation.{field.name}" for field in dataclasses.fields(Augmentation)}
    fields = [row.field for row in rows]
    assert sorted(fields) == sorted(own | nested)
    assert [row.field for row in rows if row.differs] == fields[:2] == ["learning_rate", "augmentation.flip"]
    assert (fields[2:5], fields[-1]) == (["preset", "epochs", "batch_size"], "augmentation.erase_fraction")


def test_values_read_as_words() -> None:
    rows = compared_settings({"photo": preset_named("photo_cnn").config, "base": OTHER})
    assert row(rows, "learning_rate").label == "Learning rate"
    assert row(rows, "learning_rate").texts == {"photo": "0.002", "base": "0.0001"}
    assert row(rows, "preset").texts == {
        "photo": "Deep, with batch normalisation",
        "base": "Small and plain, over-fits",
    }
    assert row(rows, "sizes_px").texts == {"photo": "96, 128", "base": "–"}
    assert row(rows, "stage_shares").texts == {"photo": "0.65, 0.35", "base": "no effect"}
    assert row(rows, "tensorboard").texts == {"photo": "no", "base": "no"}
    flip = row(rows, "augmentation.flip")
    assert (flip.label, flip.texts) == ("Augmentation: flip", {"photo": "yes", "base": "yes"})


def test_a_setting_without_an_effect_is_left_out_or_said_to_have_none_beside_a_run_where_it_has() -> None:
    idle = {"base", "fine_tuning_epochs", "weight_decay", "stage_shares", "augmentation.erase_fraction"}
    assert not idle & {row.field for row in compared_settings({"a": BASE})}
    named = dataclasses.replace(BASE, checkpoint_epochs=(1, 2))
    assert "checkpoint_count" not in {row.field for row in compared_settings({"a": named})}
    fine_tuning = row(compared_settings({"a": BASE, "b": EVERYTHING}), "fine_tuning_epochs")
    assert fine_tuning.texts == {"a": "no effect", "b": "4"}
    assert fine_tuning.differs


def test_a_preset_that_is_gone_is_told_by_its_key() -> None:
    rows = compared_settings({"old": dataclasses.replace(BASE, preset="long_gone")})
    assert row(rows, "preset").texts == {"old": "long_gone"}


def test_of_one_run_nothing_differs_and_of_none_there_is_nothing() -> None:
    assert not any(row.differs for row in compared_settings({"a": BASE}))
    assert compared_settings({}) == ()


def test_all_presets_can_be_compared_and_every_label_is_a_word() -> None:
    rows = compared_settings({preset.key: preset.config for preset in PRESETS})
    assert row(rows, "preset").differs
    assert not any("_" in row.label for row in rows)
    assert len({row.label for row in rows}) == len(rows)
