"""Runs that were validated on different photos are told apart, by the best that is known of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from run_folders import validated_on, write_card, write_run

from cnn_core.runs.run_view import RunView
from cnn_core.runs.runs import Runs
from cnn_core.runs.validation_sets import apart_words

PETS = {"cats": 4, "dogs": 4}


def validated(
    folder: Path, key: str, counts: dict[str, int] | None, fingerprint: str | None = None
) -> RunView:
    """A run of an epoch with the card of its network, or without one."""
    path = write_run(folder, key, "finished", history=1, title=key.title())
    if counts is not None:
        write_card(path, data=validated_on(counts, fingerprint))
    return Runs(folder).view(key)


def words(*runs: RunView) -> str:
    return apart_words(runs, [run.key for run in runs])


def test_runs_validated_on_the_same_photos_are_not_kept_apart(tmp_path: Path) -> None:
    same = [validated(tmp_path, key, PETS, "aa") for key in ("one", "two")]
    assert words(*same) == ""
    moved = replace(same[1], source=replace(same[1].source, folders=("/elsewhere",), seed=7))
    assert words(same[0], moved) == ""
    assert words(same[0]) == words() == ""


def test_other_photos_of_the_same_number_are_other_photos(tmp_path: Path) -> None:
    found = words(validated(tmp_path, "one", PETS, "aa"), validated(tmp_path, "two", PETS, "bb"))
    assert found.startswith("These runs were judged on different validation photos")
    assert "“one”: 8 photos of photos (cats, dogs); “two”: 8 photos of photos (cats, dogs)." in found


def test_other_numbers_and_other_classes_are_other_photos_whatever_else_is_known(tmp_path: Path) -> None:
    runs = [
        validated(tmp_path, "one", PETS),
        validated(tmp_path, "two", {"cats": 500, "dogs": 500}),
        validated(tmp_path, "three", {"birds": 4, "dogs": 4}),
        validated(tmp_path, "four", PETS),
    ]
    found = words(*runs)
    assert "“one”, “four”: 8 photos" in found
    assert "“two”: 1,000 photos" in found
    assert "“three”: 8 photos of photos (birds, dogs)" in found


@pytest.mark.parametrize("change", [{"folders": ("/other",)}, {"seed": 1}, {"validation": 0.3}])
def test_before_a_network_is_saved_the_data_of_the_runs_tell(tmp_path: Path, change: dict[str, Any]) -> None:
    one, two = (validated(tmp_path, key, None) for key in ("one", "two"))
    assert words(one, two) == ""
    assert words(one, replace(two, source=replace(two.source, folders=(*two.source.folders, "/more")))) == ""
    assert "different" in words(one, replace(two, source=replace(two.source, **change)))


def test_the_scan_of_a_run_that_goes_on_tells_its_photos(tmp_path: Path) -> None:
    one, two = validated(tmp_path, "one", PETS, "aa"), validated(tmp_path, "two", None)
    assert words(one, two) == ""
    scan = {"counts": {"validation": {"cats": 3, "dogs": 4}}}
    (two.folder / "scan.json").write_text(json.dumps(scan), encoding="utf-8")
    assert "“two”: 7 photos" in words(one, two)


def test_a_run_that_was_not_validated_yet_keeps_nobody_apart(tmp_path: Path) -> None:
    one = validated(tmp_path, "one", PETS, "aa")
    two = replace(validated(tmp_path, "two", {"cats": 1, "dogs": 1}, "bb"), history=())
    assert words(one, two) == ""


def test_many_classes_are_counted(tmp_path: Path) -> None:
    ten = {f"class {number}": 1 for number in range(10)}
    assert "10 photos of photos (10 classes)" in words(
        validated(tmp_path, "one", PETS), validated(tmp_path, "two", ten)
    )


def test_damaged_cards_are_no_photos(tmp_path: Path) -> None:
    one, two = validated(tmp_path, "one", PETS, "aa"), validated(tmp_path, "two", PETS, "aa")
    for data in (7, {"validation": [1]}, {"validation": {"pictures": {"cats": "4"}, "file_list_sha256": 9}}):
        (two.folder / "model" / "card.json").write_text(json.dumps({"data": data}), encoding="utf-8")
        assert words(one, two) == ""
