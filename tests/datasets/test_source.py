"""A data source is plain values that survive JSON, and refuses what cannot be meant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cnn_core.datasets.source import DataSource
from cnn_core.errors import DataError
from cnn_core.settings import settings_from_json, settings_to_json


def read(value: Any) -> DataSource:
    return settings_from_json(DataSource, value, DataError)


def test_a_source_survives_json() -> None:
    source = DataSource(
        folders=("a", "b"), validation=500, test=0.1, seed=7, keep_non_rgb=True, keep_near_duplicates=True
    )
    assert read(json.loads(json.dumps(settings_to_json(source)))) == source


def test_what_json_leaves_out_has_its_default() -> None:
    assert read({"folders": ["a"]}) == DataSource(folders=("a",))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"folders": "a"},
        {"folders": ["a"], "validation": "0.2"},
        {"folders": ["a"], "validation": True},
        {"folders": ["a"], "seed": 0.5},
        {"folders": ["a"], "seed": True},
        {"folders": ["a"], "keep_non_rgb": 1},
        {"folders": ["a"], "keep_near_duplicates": "no"},
        {"folders": ["a"], "colour": "red"},
    ],
)
def test_a_damaged_description_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match=r"Expected .*Received: "):
        read(value)


@pytest.mark.parametrize("folders", [(), ("",), ("a", "  ")])
def test_a_source_without_a_folder_is_refused(folders: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="at least one data folder"):
        DataSource(folders=folders)


@pytest.mark.parametrize("value", [-0.1, -1, float("nan"), float("inf"), 1.5, 500.25])
@pytest.mark.parametrize("name", ["validation", "test"])
def test_a_part_is_a_share_or_a_whole_number(name: str, value: float) -> None:
    with pytest.raises(DataError, match=f"Expected {name} as "):
        DataSource(folders=("a",), **{name: value})


def test_shares_must_leave_something_to_train_on() -> None:
    with pytest.raises(DataError, match="leave something to train on"):
        DataSource(folders=("a",), validation=0.5, test=0.5)
    DataSource(folders=("a",), validation=0.5, test=0.4)
    DataSource(folders=("a",), validation=0.9, test=500)


def test_a_folder_whose_name_is_not_utf8_is_refused_in_words_that_can_be_shown() -> None:
    with pytest.raises(DataError, match=r"Received: /photos/caf\\xe9\. Rename it") as refused:
        DataSource(folders=("/photos/caf\udce9",))
    str(refused.value).encode()
