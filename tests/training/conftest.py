"""What tests of training runs share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cnn_core.datasets.splits import Splits
    from cnn_core.training.loop.run import TrainingRun


@pytest.fixture(scope="module", name="small_networks")
def networks() -> Iterator[None]:
    """Small networks for all tests of a file."""
    # Imported here, since many tests of this folder do without the framework.
    from tiny_training import small_networks

    with small_networks():
        yield


@pytest.fixture(scope="session")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    """Two dozen tiny cats and dogs to train on, ten each to validate and to test with."""
    from tiny_training import draw_splits

    return draw_splits(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def one_epoch(splits: Splits, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> TrainingRun:
    """A run of one epoch with averaged weights, its pictures changed beyond recognition."""
    from tiny_training import UNRECOGNISABLE, new_run, small

    config = small(
        epochs=1,
        batch_size=3,
        dropout=0.3,
        average_decay=0.5,
        checkpoint_count=2,
        augmentation=UNRECOGNISABLE,
    )
    run = new_run(config, splits, tmp_path_factory.mktemp("one_epoch") / "run")
    run.run()
    return run
