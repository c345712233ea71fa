"""Which epochs a film keeps: named ones, checked, and otherwise some spread over the run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cnn_core.errors import DataError
from cnn_core.training.film_epochs import MOST_FRAMES, epochs_to_film
from cnn_core.training.settings.config import TrainingConfig, config_from_json, config_to_json
from cnn_core.training.settings.new_settings import check_new_settings


def test_named_epochs_are_kept_whatever_the_number_of_frames() -> None:
    assert epochs_to_film(30, 8, (0, 7, 30)) == {0, 7, 30}
    assert epochs_to_film(30, 0, (5,)) == {5}


def test_without_names_the_number_of_frames_decides() -> None:
    assert epochs_to_film(16, 6) == {0, 1, 2, 4, 8, 16}
    assert epochs_to_film(16, 1) == {16}
    assert epochs_to_film(16, 0) == frozenset()


def test_named_epochs_survive_json() -> None:
    config = TrainingConfig(epochs=30, film_epochs=(0, 1, 30))
    again = config_from_json(json.loads(json.dumps(config_to_json(config))))
    assert again == config
    assert again.film_epochs == (0, 1, 30)


def test_settings_from_before_epochs_could_be_named_are_read() -> None:
    facts = config_to_json(TrainingConfig(film_frames=5))
    del facts["film_epochs"]
    assert config_from_json(facts) == TrainingConfig(film_frames=5)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ((0, 31), "from 0, before the training, to 30, the last one. Received: 31. Leave these out"),
        ((-1, 2, 40), "from 0, before the training. Received: -1. Leave these out."),
        ((5, 2, 2), "in rising order, each once. Received: 5, 2, 2. Write 2, 5."),
        ((1, 1), "Write 1."),
        ((1.5,), "as whole numbers. Received: (1.5,)"),
        ((True,), "as whole numbers"),
        ("0, 1", "as whole numbers"),
        (5, "as whole numbers"),
    ],
)
def test_epochs_that_cannot_be_kept_are_refused_with_what_to_write(named: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"Expected film_epochs.*{re.escape(message)}"):
        check_new_settings(TrainingConfig(epochs=30, film_epochs=named))


def test_epochs_that_a_stored_run_never_reaches_are_read_and_never_come() -> None:
    """So it stands in a run whose ``epochs`` was lowered by hand, which is free to change."""
    config = config_from_json({"epochs": 15, "film_epochs": [0, 5, 20]})
    assert config.film_epochs == (0, 5, 20)
    assert epochs_to_film(config.epochs, config.film_frames, config.film_epochs) & set(range(16)) == {0, 5}


def test_a_film_has_a_largest_number_of_frames() -> None:
    assert len(TrainingConfig(epochs=100, film_epochs=tuple(range(MOST_FRAMES))).film_epochs) == MOST_FRAMES
    with pytest.raises(DataError, match=f"{MOST_FRAMES} at most. Received: {MOST_FRAMES + 1}"):
        TrainingConfig(epochs=100, film_epochs=tuple(range(MOST_FRAMES + 1)))


@pytest.mark.parametrize("given", ["0, 1", 5, None])
def test_json_that_is_no_list_is_refused_with_an_example(given: Any) -> None:
    with pytest.raises(DataError, match=r"Expected film_epochs as a list of numbers, e.g. \[1, 2\]"):
        config_from_json({"film_epochs": given})
