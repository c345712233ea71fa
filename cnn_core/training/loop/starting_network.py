"""The network of a run before its first step, in the precision that trains faster here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnn_core import backend, paths
from cnn_core.progress import Progress
from cnn_core.training.loop.network import Network, architecture_of
from cnn_core.training.loop.precision import Measurable, Precision, precision_of
from cnn_core.training.run_folder import Checkpoint
from cnn_core.training.settings.config import TrainingConfig


def starting_network(
    config: TrainingConfig,
    classes: Sequence[str],
    steps: int,
    devices: backend.Devices,
    folder: Path,
    progress: Progress,
) -> tuple[Precision, Network]:
    """The precision, and a network in it with its first weights; one that was measured is compiled already.

    Args:
        config: the settings.
        classes: in the order of the labels.
        steps: of an epoch.
        devices: that it trains on.
        folder: of the run, which remembers the precision.
        progress: told while the precision is measured.
    """
    measured: dict[str, tuple[Network, Checkpoint]] = {}

    def made(precision: str) -> Network:
        return Network(config, classes, steps, devices, precision)

    def step_in(precision: str) -> backend.TrainingStep:
        network = made(precision)
        measured[precision] = network, network.checkpoint([], [])
        return network.step

    size_px = config.size_at(0)
    architecture = architecture_of(config)
    measurable = Measurable(
        network=f"{architecture.key} {config.base} {len(classes)}",
        batch_shape=(config.batch_size, size_px, size_px, architecture.channels),
        step_in=step_in,
    )
    found = precision_of(config.precision, devices, measurable, folder, paths.cache_folder(), progress)
    if found.chosen not in measured:
        return found, made(found.chosen)
    network, fresh = measured[found.chosen]
    network.restore(fresh)
    return found, network
