"""Settings changed by hand, in the ``config.json`` of a run that is then resumed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_training import cut_off, new_run, small

from cnn_core.datasets.splits import Splits
from cnn_core.errors import ChangedSettingsError
from cnn_core.runs.failures import failure_of
from cnn_core.training.loop.finish import finish
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.settings.config import Augmentation

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
        ({"augmentation": Augmentation(flip=True, zoom=0.3)}, "augmentation"),
        ({"dropout": 0.5, "batch_size": 4, "epochs": 9}, "batch_size, dropout"),
        ({"fine_tuning_epochs": 1, "epochs": 3}, "epochs, fine_tuning_epochs"),
    ],
)
def test_settings_that_decide_the_training_are_refused_by_their_names(
    paused: TrainingRun, splits: Splits, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ChangedSettingsError, match=f"other values of {told}. Start a new run"):
        new_run(small(**changes), splits, paused.folder.path)


def test_a_run_refused_for_its_settings_says_how_it_can_go_on(paused: TrainingRun, splits: Splits) -> None:
    with pytest.raises(ChangedSettingsError) as found:
        new_run(small(learning_rate=0.5), splits, paused.folder.path)
    failure = failure_of(found.value, folder=paused.folder.path, settings={})
    assert "learning_rate" in failure.reason
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
