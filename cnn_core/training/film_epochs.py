"""Which epochs of a run are kept for its film: those that were named, or some spread over the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.errors import DataError

MOST_FRAMES = 32  # each is a whole network on the disk, 22 MB for that of the article


def epochs_to_film(epochs: int, frames: int, named: Sequence[int] = ()) -> frozenset[int]:
    """The epochs whose weights are kept; 0 is the fresh network, before its training.

    A network changes most at first, so without names the epochs are spread like powers: 0, 1, 2, 4, 8.

    Args:
        epochs: of the run.
        frames: how many to keep, if none are named; fewer where powers fall into one epoch.
        named: the epochs asked for, as ``check_film_epochs`` wants them.
    """
    if named:
        return frozenset(named)
    if frames < 2:
        return frozenset([epochs] * frames)
    return frozenset({0, *(round(float(epoch)) for epoch in np.geomspace(epochs, 1, frames - 1))})


def check_film_epochs(named: Any, epochs: int) -> None:
    """Refuse epochs that a run cannot keep.

    Args:
        named: the epochs asked for; none is fine.
        epochs: of the run.

    Raises:
        DataError: not whole numbers from 0 to ``epochs`` in rising order, or too many.
    """
    what = "Expected film_epochs, the epochs of the film,"
    if not isinstance(named, tuple) or not all(type(epoch) is int for epoch in named):
        raise DataError(f"{what} as whole numbers. Received: {named!r}. Name some, e.g. 0, 1, 2, 5, 10.")
    beyond = [epoch for epoch in named if not 0 <= epoch <= epochs]
    if beyond:
        raise DataError(
            f"{what} from 0, before the training, to {epochs}, the last one. Received: {_line(beyond)}. "
            "Leave these out, or train for more epochs."
        )
    ordered = sorted(set(named))
    if len(ordered) > MOST_FRAMES:
        raise DataError(f"{what} to be {MOST_FRAMES} at most. Received: {len(ordered)}. Leave some out.")
    if list(named) != ordered:
        raise DataError(
            f"{what} in rising order, each once. Received: {_line(named)}. Write {_line(ordered)}."
        )


def _line(epochs: Sequence[int]) -> str:
    return ", ".join(map(str, epochs))
