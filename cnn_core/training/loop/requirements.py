"""What a run needs before it can begin, or go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cnn_core.datasets.splits import Splits
from cnn_core.errors import ChangedSettingsError, DataError
from cnn_core.settings import settings_to_json
from cnn_core.training.loop.network import architecture_of
from cnn_core.training.loop.stages import Stages
from cnn_core.training.run_folder import Checkpoint, validation_losses
from cnn_core.training.settings.batch_rule import check_batch
from cnn_core.training.settings.config import TrainingConfig

# To change at any time.
FREE = frozenset({"device", "epochs", "checkpoint_epochs", "checkpoint_count", "tensorboard"})


def check_trainable(config: TrainingConfig, splits: Splits) -> None:
    """Refuse settings that do not fit the pictures or the network.

    Raises:
        DataError: too few pictures for a batch, or sizes that the network cannot take.
    """
    check_batch(len(splits.training.paths), config.batch_size)
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


def check_same(saved: Checkpoint, config: TrainingConfig, classes: tuple[str, ...]) -> None:
    """Refuse to go on with other classes or settings than the run began with.

    A network would answer one class with the name of another, the optimizer holds the learning rate, the
    history judges by the old sizes, and so on. The length of the run, the kept epochs and the device may
    change; the length only as far as the last epoch stays in its step.

    Args:
        saved: the checkpoint.
        config: settings of now.
        classes: of the pictures of now.

    Raises:
        DataError: other classes.
        ChangedSettingsError: other settings.
    """
    if saved.classes != classes:
        raise DataError(
            f"Expected the classes that the run began with, {', '.join(saved.classes)}. "
            f"Received: {', '.join(classes)}. Restore the class folders, or start a new run."
        )
    before, now = dict(_flat(saved.settings)), dict(_flat(settings_to_json(config)))
    changed = [name for name in now if before.get(name) != now[name]]
    refused, why = [name for name in changed if name not in FREE], ""
    if not refused and "epochs" in changed:
        why = _moved_fine_tuning(saved, config, before["epochs"])
        refused = ["epochs"] if why else []
    if refused:
        raise ChangedSettingsError(
            "Expected the settings that the run began with. Received: "
            f"{', '.join(f'{name} {before.get(name)} -> {now[name]}' for name in refused)}{why}. Start a new "
            "run with these, or put the old ones back into config.json."
        )


def _moved_fine_tuning(saved: Checkpoint, config: TrainingConfig, epochs: int) -> str:
    """Why a run once planned for ``epochs`` cannot have another length now, or nothing.

    Its last finished epoch would be in another step: trained with the base that was to rest, or without it.
    """
    losses, fine_tunes = validation_losses(saved.history), architecture_of(config).fine_tuned is not None
    planned, now = (
        Stages.of(plan, fine_tunes=fine_tunes)
        for plan in (replace(config, epochs=epochs, checkpoint_epochs=()), config)
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
