"""What a run leaves on disk, and all that anybody outside sees of it.

``config.json`` (the settings), ``status.json`` (renewed every few seconds), ``history.csv`` (a row per
epoch) and ``checkpoint.npz`` (weights, optimizer and history after the last finished epoch).
"""

from __future__ import annotations

import csv
import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import DataError
from cnn_core.files import replacing, write_json
from cnn_core.training.config import TrainingConfig

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """Everything that a run needs to go on as if it had never stopped.

    Attributes:
        history: a row per finished epoch.
        step: training steps behind the averaged weights.
        weights, average, optimizer: values in Keras' order.
    """

    history: list[dict[str, float]]
    step: int
    weights: Arrays
    average: Arrays
    optimizer: Arrays


class RunFolder:
    """The folder of one run. Every file in it is complete or absent."""

    def __init__(self, path: Path, config: TrainingConfig) -> None:
        """Open or make the folder.

        Raises:
            DataError: it holds a run with other settings.
        """
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        settings, file = json.loads(json.dumps(dataclasses.asdict(config))), path / "config.json"
        if file.exists() and json.loads(file.read_text(encoding="utf-8")) != settings:
            raise DataError(
                f"Expected the settings of the run that is in {path}. Received others. "
                "Choose another folder with --run, or remove that one."
            )
        write_json(file, settings)

    def write_status(self, state: str, **facts: Any) -> None:
        """Say how the run is doing: ``running``, ``finished`` or ``failed``, with what else is known."""
        write_json(self.path / "status.json", {"state": state, **facts, "time": time.time()})

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint, and its history for people to read."""
        groups = {name: getattr(checkpoint, name) for name in ("weights", "average", "optimizer")}
        arrays = {f"{name}{i}": value for name, values in groups.items() for i, value in enumerate(values)}
        with replacing(self.path / "checkpoint.npz") as temporary:
            np.savez(
                temporary, step=checkpoint.step, history=np.str_(json.dumps(checkpoint.history)), **arrays
            )
        with (
            replacing(self.path / "history.csv") as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, fieldnames=list(checkpoint.history[0]))
            writer.writeheader()
            writer.writerows(checkpoint.history)

    def load(self) -> Checkpoint | None:
        """The last checkpoint, or None in a new folder."""
        path = self.path / "checkpoint.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as saved:
            return Checkpoint(
                history=json.loads(str(saved["history"])),
                step=int(saved["step"]),
                weights=_numbered(saved, "weights"),
                average=_numbered(saved, "average"),
                optimizer=_numbered(saved, "optimizer"),
            )


def _numbered(saved: Any, group: str) -> Arrays:
    names = sorted((n for n in saved.files if n.startswith(group)), key=lambda n: int(n[len(group) :]))
    return [saved[name] for name in names]
