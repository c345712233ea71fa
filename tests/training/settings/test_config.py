"""Settings of a run: what is refused, what survives JSON, and which size is trained when."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest

from cnn_core.errors import DataError
from cnn_core.settings import settings_from_json, settings_to_json
from cnn_core.training.settings.config import Augmentation, TrainingConfig
from cnn_core.training.settings.presets import PRESETS, preset_named

PHOTO_CNN = preset_named("photo_cnn").config
FIELDS = [(kind, one) for kind in (TrainingConfig, Augmentation) for one in dataclasses.fields(kind)]
NUMBERS = [(kind, one) for kind, one in FIELDS if {"minimum", "step"} <= set(one.metadata)]
CHOICES = [one for _, one in FIELDS if "options" in one.metadata]
SWITCHES = [(kind, one) for kind, one in FIELDS if isinstance(one.default, bool)]
WITHOUT_A_WIDGET = {"preset", "augmentation"}  # drawn by forms of their own


def sizes(**settings: Any) -> list[int]:
    config = dataclasses.replace(PHOTO_CNN, **settings)
    return [config.size_at(epoch) for epoch in range(config.epochs)]


def named(pair: tuple[type, dataclasses.Field[Any]] | dataclasses.Field[Any]) -> str:
    return pair[1].name if isinstance(pair, tuple) else pair.name


# ---- Every field knows how to be asked for ----


@pytest.mark.parametrize("pair", [f for f in FIELDS if f[1].name not in WITHOUT_A_WIDGET], ids=named)
def test_every_field_has_all_that_a_form_needs(pair: tuple[type, dataclasses.Field[Any]]) -> None:
    about, default = pair[1].metadata, pair[1].default
    assert about["label"]
    assert about["help"].endswith(".")
    if isinstance(default, str):
        assert default in about["options"]
    elif isinstance(default, tuple):
        assert about["example"]
        assert about["empty"]
    elif not isinstance(default, bool):
        assert about["minimum"] <= default <= about["maximum"]
        assert 0 < about["step"] <= about["maximum"] - about["minimum"]


def test_no_two_fields_of_a_form_have_the_same_label() -> None:
    for kind in (TrainingConfig, Augmentation):
        labels = [one.metadata["label"] for one in dataclasses.fields(kind) if one.metadata]
        assert len(labels) == len(set(labels))


# ---- What is refused ----


@pytest.mark.parametrize("pair", NUMBERS, ids=named)
def test_a_number_out_of_its_range_is_refused_by_name(pair: tuple[type, dataclasses.Field[Any]]) -> None:
    kind, one = pair
    low, high = one.metadata["minimum"], one.metadata["maximum"]
    for value in (low, high):
        value = type(one.default)(value)
        assert getattr(kind(**{one.name: value}), one.name) == value
    for value in (low - 1, high + 1, -math.inf, math.inf, math.nan, "1", None, True):
        with pytest.raises(DataError, match=rf"Expected {one.name} .*from {low} to {high}\. Received: "):
            kind(**{one.name: value})


@pytest.mark.parametrize("name", [one.name for _, one in NUMBERS if isinstance(one.default, int)])
def test_a_count_is_a_whole_number(name: str) -> None:
    with pytest.raises(DataError, match=f"Expected {name} as a whole number .* Received: 16.5"):
        TrainingConfig(**{name: 16.5})


@pytest.mark.parametrize("one", CHOICES, ids=named)
def test_a_word_that_is_no_option_is_refused_by_name(one: dataclasses.Field[Any]) -> None:
    with pytest.raises(DataError, match=rf"Expected {one.name} to be one of .*Received: 'nonsense'"):
        TrainingConfig(**{one.name: "nonsense"})


@pytest.mark.parametrize("pair", SWITCHES, ids=named)
def test_a_switch_is_on_or_off(pair: tuple[type, dataclasses.Field[Any]]) -> None:
    with pytest.raises(DataError, match=f"Expected {pair[1].name} on or off. Received: 'yes'"):
        pair[0](**{pair[1].name: "yes"})


@pytest.mark.parametrize("values", [(8,), (96, 1000), (96.5,), "96, large", (math.nan,), 96.5])
def test_sizes_that_are_none_are_refused(values: Any) -> None:
    kind = "a whole number from 16 to 512" if isinstance(values, tuple) else "a list of numbers"
    with pytest.raises(DataError, match=f"Expected sizes_px as {kind}"):
        TrainingConfig(sizes_px=values, stage_shares=(1.0,))


@pytest.mark.parametrize("shares", [(1.5,), (-0.1,), (math.nan,), ("all",)])
def test_shares_that_are_none_are_refused(shares: Any) -> None:
    with pytest.raises(DataError, match=r"Expected stage_shares as from 0\.0 to 1\.0"):
        TrainingConfig(sizes_px=(96,), stage_shares=shares)


@pytest.mark.parametrize(("sizes_px", "shares"), [((96, 128), (0.1,)), ((), (1.0,)), ((96,), ())])
def test_as_many_shares_as_sizes_are_needed(sizes_px: Any, shares: Any) -> None:
    with pytest.raises(DataError, match="as many stage_shares as sizes_px"):
        TrainingConfig(sizes_px=sizes_px, stage_shares=shares)


@pytest.mark.parametrize("shares", [(0.25, 0.25), (0.6, 0.6), (0.0, 0.0), (0.5, 0.52)])
def test_shares_that_are_not_together_one_are_refused(shares: Any) -> None:
    with pytest.raises(DataError, match=r"together 1\. Received: \[.*\], together (0|0\.5|1\.2|1\.02)\. "):
        TrainingConfig(sizes_px=(96, 128), stage_shares=shares)


# ---- JSON ----


@pytest.mark.parametrize("config", [preset.config for preset in PRESETS], ids=lambda config: config.preset)
def test_settings_survive_json_to_the_type(config: TrainingConfig) -> None:
    again = settings_from_json(TrainingConfig, json.loads(json.dumps(settings_to_json(config))), DataError)
    assert again == config
    assert repr(again) == repr(config)  # 1 and 1.0 are equal, and are not the same


def test_fields_that_are_missing_keep_their_defaults_and_the_others_their_kind() -> None:
    assert settings_from_json(TrainingConfig, {}, DataError) == TrainingConfig()
    written = {"epochs": 3, "warmup_epochs": 2, "augmentation": {"flip": True}}
    found = settings_from_json(TrainingConfig, written, DataError)
    assert found == TrainingConfig(epochs=3, warmup_epochs=2.0, augmentation=Augmentation(flip=True))
    assert isinstance(found.warmup_epochs, float)  # a whole number in JSON is taken for a fraction


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"epoch": 3}, "epoch"),
        ({"augmentation": {"flipped": True}}, "flipped"),
        ({"epochs": "3"}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"epochs": None}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"dropout": "half"}, "dropout"),
        ({"dropout": math.nan}, "dropout"),
        ({"tensorboard": 1}, "tensorboard"),
        ({"preset": 3}, "preset"),
        ({"optimizer": "magic"}, "optimizer"),
        ({"sizes_px": 96}, "sizes_px"),
        ({"sizes_px": [96.5], "stage_shares": [1]}, "sizes_px"),
        ({"augmentation": 5}, "augmentation"),
        ({"augmentation": None}, "augmentation"),
        ({"augmentation": {"zoom": 7}}, "zoom"),
        ({"augmentation": {"flip": "on"}}, "flip"),
    ],
)
def test_json_that_does_not_fit_is_refused_by_the_name_of_the_field(
    metadata: dict[str, Any], name: str
) -> None:
    with pytest.raises(DataError, match=rf"\b{name}\b.*Received|Received: {name}"):
        settings_from_json(TrainingConfig, metadata, DataError)


# ---- Sizes by epoch ----


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"epochs": 10, "sizes_px": (96, 128), "stage_shares": (0.6, 0.4)}, [96] * 6 + [128] * 4),
        (
            {"epochs": 8, "sizes_px": (64, 96, 128), "stage_shares": (0.5, 0.25, 0.25)},
            [64] * 4 + [96] * 2 + [128] * 2,
        ),
        (
            {"epochs": 300, "sizes_px": (64, 96, 128), "stage_shares": (0.33, 0.33, 0.33)},
            [64] * 99 + [96] * 99 + [128] * 102,
        ),
        ({"epochs": 3, "input_size_px": 40, "sizes_px": (), "stage_shares": ()}, [40] * 3),
    ],
    ids=["two stages", "three stages", "shares that were rounded", "no stages"],
)
def test_each_size_is_trained_for_its_share_of_the_epochs(
    settings: dict[str, Any], expected: list[int]
) -> None:
    assert sizes(**settings) == expected


@pytest.mark.parametrize("epochs", range(1, 12))
def test_rounding_leaves_no_epoch_without_a_size_and_none_goes_back_to_a_smaller_one(epochs: int) -> None:
    chosen = sizes(epochs=epochs)
    assert chosen == sorted(chosen)
    assert set(chosen) <= {96, 128}


def test_epochs_past_the_end_keep_the_last_size() -> None:
    assert PHOTO_CNN.size_at(100) == 128
