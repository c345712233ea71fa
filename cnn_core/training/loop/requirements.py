"""What a run needs before it can begin, or go on."""

from __future__ import annotations

from cnn_core.datasets.splits import Splits
from cnn_core.errors import ChangedSettingsError, DataError
from cnn_core.settings import settings_to_json
from cnn_core.training.loop.network import architecture_of, objective_of
from cnn_core.training.run_folder import Checkpoint
from cnn_core.training.settings.batch_rule import check_batch
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import preset_named

# To change at any time.
FREE = frozenset({"device", "epochs", "checkpoint_epochs", "checkpoint_count", "tensorboard"})


def check_trainable(config: TrainingConfig, splits: Splits) -> None:
    """Refuse settings that do not fit the pictures or the network.

    Raises:
        DataError: too few pictures for a batch, sizes that the network cannot take, or several heads for
            classes that answer one question.
    """
    check_batch(len(splits.training.paths), config.batch_size)
    objective_of(config, splits.classes)
    architecture, title = architecture_of(config), preset_named(config.preset).title
    sizes_px = set(config.sizes_px) or {config.input_size_px}
    smallest_px = min(sizes_px | {config.input_size_px})
    if smallest_px < architecture.smallest_px:
        raise DataError(
            f"Expected pictures of {architecture.smallest_px} px or more for {title!r}, whose maps shrink. "
            f"Received: {smallest_px} px. Raise the picture size, and all training sizes."
        )
    if not architecture.any_size and sizes_px != {config.input_size_px}:
        raise DataError(
            f"Expected one picture size for {title!r}, which flattens its maps. Received: training sizes "
            f"{list(config.sizes_px)} and picture size {config.input_size_px}. Leave the former empty."
        )


def check_same(saved: Checkpoint, config: TrainingConfig, classes: tuple[str, ...]) -> None:
    """Refuse to go on with other classes or settings than the run began with.

    A network would answer one class with the name of another, the optimizer holds the learning rate, the
    history was validated at the old sizes, and so on. The kept epochs and the device may change, and the
    length of a run without fine-tuning.

    Raises:
        DataError: other classes.
        ChangedSettingsError: other settings.
    """
    if saved.classes != classes:
        raise DataError(
            f"Expected the classes that the run began with, {', '.join(saved.classes)}. "
            f"Received: {', '.join(classes)}. Restore the class folders, or start a new run."
        )
    # How long a run is decides when its fine-tuning begins.
    free = FREE - {"epochs"} if config.fine_tuning_epochs > 0 else FREE
    now = settings_to_json(config)
    changed = [name for name in now if name not in free and saved.settings.get(name) != now[name]]
    if changed:
        raise ChangedSettingsError(
            f"Expected the settings that the run began with. Received: other values of {', '.join(changed)}. "
            "Start a new run with these, or put the old ones back into config.json."
        )
