"""What a run needs before it can begin, or go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cnn_core.datasets.splits import Splits
from cnn_core.errors import ChangedSettingsError, DataError
from cnn_core.training.loop.network import architecture_of
from cnn_core.training.loop.stages import Stages
from cnn_core.training.run_folder import Checkpoint, validation_losses
from cnn_core.training.settings.config import TrainingConfig, config_to_json

# To change at any time.
FREE = frozenset({"device", "epochs", "checkpoint_epochs", "checkpoint_count", "tensorboard"})

_LOG = logging.getLogger(__name__)


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


def check_same_settings(saved: Checkpoint, config: TrainingConfig) -> None:
    """Refuse to go on with other settings: what they have brought about so far stays in the checkpoint.

    The optimizer holds the learning rate, the history judges by the old sizes, and so on. The length of the
    run, the kept epochs and the device may change; the length only as far as the last epoch stays in its
    step.
    A checkpoint of old is believed to have had those of now, with a warning.

    Args:
        saved: the checkpoint; one of old knows few of its settings.
        config: settings of now.

    Raises:
        ChangedSettingsError: they differ.
    """
    before, now = dict(_flat(_known_settings(saved))), dict(_flat(config_to_json(config)))
    changed = [name for name in now if name in before and before[name] != now[name]]
    refused, why = [name for name in changed if name not in FREE], ""
    if not refused and "epochs" in changed:
        why = _moved_fine_tuning(saved, config, before["epochs"])
        refused = ["epochs"] if why else []
    if refused:
        raise ChangedSettingsError(
            "Expected the settings that the run began with. Received: "
            f"{', '.join(f'{name} {before[name]} -> {now[name]}' for name in refused)}{why}. Start a new run "
            "with these, or put the old ones back into config.json."
        )
    if not saved.settings:
        _LOG.warning(
            "The checkpoint is of an older version and does not tell all its settings: the run goes on with "
            "those of config.json, whether they are the same or not."
        )


def _known_settings(saved: Checkpoint) -> Mapping[str, Any]:
    """Those that it was trained with, as far as a checkpoint of old tells by what it lacks."""
    if saved.settings:
        return saved.settings
    none_averaged = {} if saved.average else {"average_decay": 0.0}
    return none_averaged if saved.best else {**none_averaged, "keep": "last"}


def _moved_fine_tuning(saved: Checkpoint, config: TrainingConfig, epochs: int) -> str:
    """Why a run once planned for ``epochs`` cannot have another length now, or nothing.

    Its last finished epoch would be in another step: trained with the base that was to rest, or without it.
    """
    losses, fine_tunes = validation_losses(saved.history), architecture_of(config).fine_tuned is not None
    planned, now = (
        Stages.of(plan, fine_tunes=fine_tunes) for plan in (replace(config, epochs=epochs), config)
    )
    last = len(losses) - 1
    if planned.fine_tunes(last, losses) == now.fine_tunes(last, losses):
        return ""
    return (
        f", with which fine-tuning would begin in epoch {now.start(losses) + 1} instead of "
        f"{planned.start(losses) + 1}, although {len(losses)} are trained"
    )


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """With names such as ``augmentation.zoom``."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value
