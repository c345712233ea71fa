"""What a run is to learn, read from its folder, whatever stands there."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from cnn_core.training.diagnosis.task import TWO_CLASSES, Task, guessed, task_of

SCANNED = {"training": {"cats": 6, "dogs": 2, "owls": 1}, "validation": {"cats": 3, "dogs": 1, "owls": 1}}


def write(path: Path, metadata: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(metadata), encoding="utf-8")


def test_a_run_tells_its_classes_by_its_scan_and_its_settings(tmp_path: Path) -> None:
    write(tmp_path / "scan.json", {"counts": SCANNED})
    write(tmp_path / "config.json", {"config": {"label_smoothing": 0.2, "class_weights": "balanced"}})
    assert task_of(tmp_path) == Task(
        training=(6, 2, 1), validation=(3, 1, 1), label_smoothing=0.2, class_weights="balanced"
    )


def test_without_a_scan_the_card_of_the_model_tells_the_classes(tmp_path: Path) -> None:
    data = {
        "training": {"pictures": {"cats": 5, "dogs": 4}},
        "validation": {"pictures": {"cats": 2, "dogs": 1}},
    }
    write(tmp_path / "model" / "card.json", {"data": data})
    assert task_of(tmp_path) == Task(training=(5, 4), validation=(2, 1))


def test_a_folder_that_tells_nothing_has_two_equal_classes(tmp_path: Path) -> None:
    assert task_of(tmp_path) == task_of(tmp_path / "missing") == TWO_CLASSES
    assert (TWO_CLASSES.classes, TWO_CLASSES.unbalanced, TWO_CLASSES.losses_compare) == (2, False, True)


@pytest.mark.parametrize(
    "counts",
    [
        None,
        7,
        {"training": None},
        {"training": {"cats": 3}},
        {"training": {"cats": "3", "dogs": 2}},
        {"training": {"cats": -3, "dogs": 2}},
        {"training": {"cats": 0, "dogs": 0}},
    ],
)
def test_counts_that_are_none_are_not_believed(tmp_path: Path, counts: Any) -> None:
    write(tmp_path / "scan.json", {"counts": counts})
    assert task_of(tmp_path) == TWO_CLASSES


def test_validation_pictures_of_other_classes_and_a_smoothing_that_cannot_be_are_not_believed(
    tmp_path: Path,
) -> None:
    write(tmp_path / "scan.json", {"counts": {**SCANNED, "validation": {"cats": 3, "dogs": 1}}})
    for smoothing in (None, "0.2", -0.1, 1.0, math.nan):
        write(tmp_path / "config.json", {"config": {"label_smoothing": smoothing}})
        task = task_of(tmp_path)
        assert (task.validation, task.label_smoothing) == ((1, 1, 1), 0)


def test_the_lowest_loss_is_the_entropy_of_the_targets() -> None:
    """0.4 of two classes pulls 1 to 0.8 and 0 to 0.2; 0.3 of three classes makes 0.8, 0.1 and 0.1."""
    assert Task().lowest_loss == 0
    two = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert Task(label_smoothing=0.4).lowest_loss == pytest.approx(two)
    three = Task(training=(1, 1, 1), validation=(1, 1, 1), label_smoothing=0.3)
    assert three.lowest_loss == pytest.approx(-(0.8 * math.log(0.8) + 0.2 * math.log(0.1)))


def test_weights_count_where_classes_differ() -> None:
    assert Task(training=(3, 1), class_weights="balanced").weighted
    assert not Task(training=(3, 1), class_weights="balanced").losses_compare
    assert not Task(class_weights="balanced").weighted
    assert not Task(training=(3, 1)).weighted
    assert not Task(label_smoothing=0.1).losses_compare


def test_one_answer_to_all_gets_the_commonest_class_right() -> None:
    assert guessed((3, 1)) == 0.75
    assert guessed((1,) * 10) == pytest.approx(0.1)
