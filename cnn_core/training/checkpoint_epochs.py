"""Which epochs of a run are kept as models: those that were named, or some spread over the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.errors import DataError

MOST_CHECKPOINTS = 32  # each is a whole network on the disk, 22 MB for that of the article
_WHAT = "Expected checkpoint_epochs, the epochs to keep,"


def epochs_to_keep(epochs: int, count: int, named: Sequence[int] = ()) -> frozenset[int]:
    """The epochs whose weights are kept; 0 is the fresh network, before its training.

    A network changes most at first, so without names the epochs are spread like powers: 0, 1, 2, 4, 8.

    Args:
        count: how many to keep, if none are named; fewer where powers fall into one epoch.
    """
    if named:
        return frozenset(named)
    if count < 2:
        return frozenset([epochs] * count)
    return frozenset({0, *(round(float(epoch)) for epoch in np.geomspace(epochs, 1, count - 1))})


def check_checkpoint_epochs(named: Sequence[int], epochs: int) -> None:
    """Refuse ``named`` epochs that a run of ``epochs`` cannot keep; none named is fine.

    Raises:
        DataError: not from 0 to the last epoch, or too many.
    """
    never = [epoch for epoch in named if not 0 <= epoch <= epochs]
    if never:
        raise DataError(
            f"{_WHAT} from 0, before the training, to {epochs}, the last one. Received: {str(never)[1:-1]}. "
            "Leave these out, or train for more epochs."
        )
    if len(set(named)) > MOST_CHECKPOINTS:
        raise DataError(
            f"{_WHAT} to be {MOST_CHECKPOINTS} at most. Received: {len(set(named))}. Leave some out."
        )
