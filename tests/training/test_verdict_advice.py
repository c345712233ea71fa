"""Advice that fits the settings and the number of photos, and figures that nobody has to look for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_curves import converged, only_noise, over_fitted, rows, under_fitted

from cnn_core.training.diagnosis.diagnosis import verdict
from cnn_core.training.diagnosis.task import Task, task_of

PLAIN = {"dropout": 0.0, "augmented": False}
BOTH = {"dropout": 0.5, "augmented": True}


def of(training: int, validation: int, **settings: Any) -> Task:
    return Task(
        training=(training // 2,) * 2, validation=(validation // 2,) * 2, counted=True, **(PLAIN | settings)
    )


def uneven(last: float) -> Any:
    """A level validation loss of 0.5, lowest in epoch 6, whose last epoch jumps."""
    losses = [0.69, 0.6, 0.55, 0.52, 0.51, 0.5, 0.51, 0.5, 0.51, 0.505, 0.51, last]
    return rows(np.linspace(0.69, 0.3, 12), np.linspace(0.5, 0.9, 12), losses, [0.75] * 12)


def test_nobody_is_told_to_take_less_of_what_is_not_used() -> None:
    history = under_fitted(jitter=0)
    assert verdict(history, Task(**BOTH)).advice.count("less dropout or augmentation") == 1
    assert "less" not in verdict(history, Task(**PLAIN)).advice
    assert "less dropout," in verdict(history, Task(dropout=0.5, augmented=False)).advice
    assert "less augmentation," in verdict(history, Task(dropout=0.0, augmented=True)).advice
    assert "less augmentation" in verdict(only_noise(), Task(**BOTH)).advice
    assert "augmentation" not in verdict(only_noise(), Task(**PLAIN)).advice


def test_more_is_asked_only_of_what_there_is_some_of() -> None:
    history = over_fitted()
    assert "try augmentation, dropout or more photos" in verdict(history, Task(**PLAIN)).advice
    assert "try stronger augmentation, more dropout or" in verdict(history, Task(**BOTH)).advice
    gap = rows([0.3] * 12, [0.90] * 12, [0.4] * 12, [0.83] * 12)
    assert "A little augmentation or dropout" in verdict(gap, Task(**PLAIN)).advice
    assert "A little more augmentation" in verdict(gap, Task(**BOTH)).advice


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (BOTH, "dropout and augmentation make"),
        ({"dropout": 0.5, "augmented": False}, "dropout makes"),
        (PLAIN, "in the middle of its epoch"),
    ],
)
def test_validation_ahead_of_training_has_a_reason_that_the_run_really_has(
    settings: dict[str, Any], reason: str
) -> None:
    history = rows([0.3] * 12, [0.85] * 12, [0.25] * 12, [0.92] * 12)
    assert reason in verdict(history, Task(**settings)).sentence


def test_few_training_photos_are_told_first() -> None:
    assert (
        verdict(over_fitted(), of(32, 200)).advice.find("With 32 training photos, more photos help most") > 0
    )
    assert verdict(under_fitted(), of(32, 200)).advice.startswith("With 32 training photos")
    assert "With" not in verdict(over_fitted(), of(2000, 200)).advice


def test_few_validation_photos_are_told_with_what_one_of_them_weighs() -> None:
    few = verdict(converged(), of(2000, 36)).sentence
    assert few.endswith("All this rests on 36 validation photos; one more or less right is 3\u00a0%.")
    assert "rests" not in verdict(converged(), of(2000, 100)).sentence
    assert "rests" not in verdict(converged(), Task(**PLAIN)).sentence
    assert "rests" not in verdict(converged()[:2], of(2000, 36)).sentence


def test_a_last_epoch_far_above_what_is_told_is_told_too() -> None:
    found = verdict(uneven(0.74))
    assert found.kind == "overfitting"
    assert (
        "hardly risen since its lowest, 0.50 in epoch 6 (in the last epoch alone it was 0.74)"
        in found.sentence
    )
    assert "alone" not in verdict(uneven(0.55)).sentence


def test_a_rise_tells_the_last_epoch_only_where_it_is_far_above_the_smoothed_end() -> None:
    assert "alone" not in verdict(over_fitted(jitter=0)).sentence
    history = over_fitted(jitter=0)
    history[-1]["val_loss"] = 1.5
    assert "at the end (in the last epoch alone it was 1.50), because" in verdict(history).sentence


def test_a_short_run_that_ends_at_its_lowest_loss_is_worth_more_epochs() -> None:
    """36 photos, 6 epochs, and the loss falls by 1 % per epoch, less than a clear trend needs."""
    losses = [0.695, 0.690, 0.693, 0.688, 0.686, 0.680]
    found = verdict(rows(np.linspace(0.7, 0.6, 6), [0.76] * 6, losses, [0.76] * 6))
    assert found.kind == "good"
    assert "lowest, 0.68, in epoch 6, the last" in found.sentence
    assert "hardly risen" not in found.sentence
    assert "more epochs may help" in found.advice


def test_the_settings_of_a_run_and_its_number_of_photos_are_read_from_its_folder(tmp_path: Path) -> None:
    assert (
        task_of(tmp_path).dropout
        is task_of(tmp_path).augmented
        is task_of(tmp_path).training_pictures
        is None
    )
    settings = {"dropout": 0.3, "augmentation": {"flip": False, "zoom": 0.0}}
    (tmp_path / "config.json").write_text(json.dumps({"config": settings}), encoding="utf-8")
    counts = {"training": {"cats": 20, "dogs": 12}, "validation": {"cats": 5, "dogs": 3}}
    (tmp_path / "scan.json").write_text(json.dumps({"counts": counts}), encoding="utf-8")
    task = task_of(tmp_path)
    assert (task.dropout, task.augmented) == (0.3, False)
    assert (task.training_pictures, task.validation_pictures) == (32, 8)
    settings["augmentation"] = {"flip": False, "zoom": 0.2}
    (tmp_path / "config.json").write_text(json.dumps({"config": settings}), encoding="utf-8")
    assert task_of(tmp_path).augmented is True
