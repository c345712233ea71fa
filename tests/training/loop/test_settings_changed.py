"""Settings changed by hand, in the ``config.json`` of a run that is then resumed."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_training import STEPS, cut_off, new_run, small

from cnn_core.datasets.splits import Splits
from cnn_core.errors import ChangedSettingsError
from cnn_core.runs.failures import failure_of
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.settings.config import Augmentation, TrainingConfig

pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture(scope="module")
def paused(splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> TrainingRun:
    """One of two epochs is trained; nobody goes on with it."""
    run = new_run(small(), splits, tmp_path_factory.mktemp("paused"))
    cut_off(run, before_step=5)
    return run


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"learning_rate": 1e-5}, "learning_rate 0.01 -> 1e-05"),
        ({"optimizer": "sgd"}, "optimizer adam -> sgd"),
        ({"input_size_px": 24}, "input_size_px 16 -> 24"),
        ({"keep": "best"}, "keep last -> best"),
        ({"average_decay": 0.9}, "average_decay 0.0 -> 0.9"),
        ({"seed": 1}, "seed 0 -> 1"),
        ({"early_stopping_epochs": 3}, "early_stopping_epochs 0 -> 3"),
        ({"augmentation": Augmentation(flip=True, zoom=0.3)}, "augmentation.zoom 0.0 -> 0.3"),
        ({"dropout": 0.5, "batch_size": 4}, "batch_size 6 -> 4, dropout 0.0 -> 0.5"),
        ({"sizes_px": (16,), "stage_shares": (1.0,)}, "sizes_px [] -> [16], stage_shares [] -> [1.0]"),
    ],
)
def test_settings_that_decide_the_training_are_refused_by_their_names(
    paused: TrainingRun, splits: Splits, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(
        ChangedSettingsError, match=re.escape(f"began with. Received: {told}. Start a new run")
    ):
        new_run(small(**changes), splits, paused.folder.path)


def test_a_run_refused_for_its_settings_says_how_it_can_go_on(paused: TrainingRun, splits: Splits) -> None:
    with pytest.raises(ChangedSettingsError) as found:
        new_run(small(learning_rate=0.5), splits, paused.folder.path)
    failure = failure_of(found.value, folder=paused.folder.path, metadata={})
    assert failure.reason.endswith("or put the old ones back into config.json.")
    assert failure.advice == "Then resume the run: finished epochs are kept."


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"checkpoint_count": 3},
        {"checkpoint_epochs": (1, 2)},
        {"tensorboard": True},
        {"device": "cpu"},
        {"epochs": 9},
    ],
    ids=str,
)
def test_settings_that_decide_nothing_of_the_past_may_change(
    paused: TrainingRun, splits: Splits, changes: dict[str, Any]
) -> None:
    assert len(new_run(small(**changes), splits, paused.folder.path).history) == 1


@pytest.mark.parametrize(("epochs", "trained"), [(3, 3), (1, 1)])
def test_a_run_made_longer_or_shorter_by_hand_ends_there(
    paused: TrainingRun, splits: Splits, tmp_path: Path, epochs: int, trained: int
) -> None:
    shutil.copytree(paused.folder.path, tmp_path / "run")
    again = new_run(small(epochs=epochs), splits, tmp_path / "run")
    again.run()
    assert len(again.history) == trained
    assert finish(again).is_dir()


def fine_tuning(epochs: int) -> TrainingConfig:
    return small(preset="transfer", epochs=epochs, fine_tuning_epochs=2)


@pytest.fixture(scope="module")
def paused_after(
    splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None
) -> Callable[[int], Path]:
    """The folder of a run of four epochs, two of them fine-tuning, that was cut off after so many."""

    @functools.cache
    def folder(epochs: int) -> Path:
        path = tmp_path_factory.mktemp(f"paused_after_{epochs}")
        cut_off(new_run(fine_tuning(4), splits, path), before_step=STEPS * epochs + 1)
        return path

    return folder


@pytest.mark.parametrize(
    ("trained", "epochs", "allowed"),
    [(1, 6, True), (1, 3, True), (3, 6, False), (2, 3, False), (3, 3, True)],
    ids=[
        "longer, before it begins",
        "shorter, before it begins",
        "longer, when it has begun",
        "shorter, so that it should have begun",
        "shorter, when it has begun",
    ],
)
def test_a_run_with_fine_tuning_changes_its_length_only_where_no_epoch_changes_its_step(
    splits: Splits, paused_after: Callable[[int], Path], trained: int, epochs: int, allowed: bool
) -> None:
    if allowed:
        assert len(new_run(fine_tuning(epochs), splits, paused_after(trained)).history) == trained
        return
    why = (
        f"Received: epochs 4 -> {epochs}, with which fine-tuning would begin in epoch {epochs - 1} "
        f"instead of 3, although {trained} are trained. Start a new run"
    )
    with pytest.raises(ChangedSettingsError, match=why):
        new_run(fine_tuning(epochs), splits, paused_after(trained))
