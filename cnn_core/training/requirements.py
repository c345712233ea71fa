"""What a run needs before it can begin, or go on."""

from __future__ import annotations

from cnn_core.datasets.splits import Splits
from cnn_core.errors import DataError
from cnn_core.training.config import TrainingConfig
from cnn_core.training.network import architecture_of


def check_trainable(config: TrainingConfig, splits: Splits) -> None:
    """Refuse settings that do not fit the pictures or the network.

    Raises:
        DataError: too few pictures for a batch, or sizes that the network cannot take.
    """
    if len(splits.training.paths) < config.batch_size:
        raise DataError(
            f"Expected at least one batch of {config.batch_size} training pictures. "
            f"Received: {len(splits.training.paths)}. Add pictures, or lower the batch size."
        )
    architecture = architecture_of(config)
    sizes_px = set(config.sizes_px) or {config.input_size_px}
    smallest_px = min(sizes_px | {config.input_size_px})
    if smallest_px < architecture.smallest_px:
        raise DataError(
            f"Expected pictures of {architecture.smallest_px} px or more for {config.preset}, whose maps "
            f"shrink. Received: {smallest_px} px. Raise the picture size, and all of `sizes_px`."
        )
    if not architecture.any_size and sizes_px != {config.input_size_px}:
        raise DataError(
            f"Expected one picture size for {config.preset}, which flattens its maps. Received: sizes "
            f"{list(config.sizes_px)} and input {config.input_size_px}. Leave `sizes_px` empty."
        )


def check_same_classes(before: tuple[str, ...], now: tuple[str, ...]) -> None:
    """Refuse to go on with other classes: a network would answer one class with the name of another.

    Args:
        before: classes of the checkpoint; empty where it does not say.
        now: classes of the pictures.

    Raises:
        DataError: they differ.
    """
    if before not in ((), now):
        raise DataError(
            f"Expected the classes that the run began with, {', '.join(before)}. "
            f"Received: {', '.join(now)}. Restore the class folders, or start a new run."
        )
