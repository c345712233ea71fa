"""Which epochs a run keeps: named ones, checked, and otherwise some spread over the run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cnn_core.errors import DataError
from cnn_core.training.settings.config import MOST_CHECKPOINTS, TrainingConfig


def kept(epochs: int, count: int, named: tuple[int, ...] = ()) -> frozenset[int]:
    return TrainingConfig(epochs=epochs, checkpoint_count=count, checkpoint_epochs=named).kept_epochs


def test_named_epochs_are_kept_whatever_the_number() -> None:
    assert kept(30, 8, (0, 7, 30)) == {0, 7, 30}
    assert kept(30, 0, (5,)) == {5}


@pytest.mark.parametrize(
    ("epochs", "count", "expected"),
    [
        (15, 0, set()),
        (15, 1, {15}),
        (15, 2, {0, 15}),
        (15, 3, {0, 1, 15}),
        (16, 6, {0, 1, 2, 4, 8, 16}),
        (1, 8, {0, 1}),
        (2, 8, {0, 1, 2}),
    ],
)
def test_the_epochs_to_keep_are_spread_like_powers(epochs: int, count: int, expected: set[int]) -> None:
    assert kept(epochs, count) == expected


@pytest.mark.parametrize("count", range(17))
@pytest.mark.parametrize("epochs", [1, 7, 48, 500])
def test_never_more_epochs_are_kept_than_asked_for(epochs: int, count: int) -> None:
    found = kept(epochs, count)
    assert len(found) <= count
    assert (epochs in found) == (count > 0)
    assert found <= set(range(epochs + 1))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ((0, 31), "from 0, before the training, to 30, the last one. Received: 31. Leave these out"),
        ((2, 31, 40), "from 0, before the training, to 30, the last one. Received: 31, 40. Leave these out"),
        ((-1, 2), "as a whole number from 0 to 500. Received: -1"),
        ((1.5,), "as a whole number from 0 to 500. Received: 1.5"),
        ((True,), "as a whole number"),
        ("0, 1", "as a list of numbers"),
        (5, "as a list of numbers"),
    ],
)
def test_epochs_that_cannot_be_kept_are_refused_with_what_to_write(named: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"Expected checkpoint_epochs.*{re.escape(message)}"):
        TrainingConfig(epochs=30, checkpoint_epochs=named)


def test_there_is_a_largest_number_of_epochs_to_keep() -> None:
    most = tuple(range(MOST_CHECKPOINTS + 1))
    assert TrainingConfig(epochs=100, checkpoint_epochs=most[:-1]).checkpoint_epochs == most[:-1]
    with pytest.raises(DataError, match=f"{MOST_CHECKPOINTS} at most. Received: {len(most)}"):
        TrainingConfig(epochs=100, checkpoint_epochs=most)
