"""What a run leaves on disk, and all that anybody outside sees of it.

``config.json`` (settings and data), ``scan.json`` (what its pictures are), ``steps.csv`` (a row per
group of batches), ``history.csv`` (a row per epoch), ``checkpoint.npz`` (all that is needed to go on
after the last finished epoch), after a pause ``paused.npz`` (the same within an epoch), ``checkpoints/``
(epochs kept as models) and at the end ``model/``.
"""

from __future__ import annotations

import csv
import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import TrainingError
from cnn_core.files import read_json, replacing

CONFIG_FILE = "config.json"
SCAN_FILE = "scan.json"
HISTORY_FILE = "history.csv"
STEPS_FILE = "steps.csv"
CHECKPOINT_FILE = "checkpoint.npz"
PAUSED_FILE = "paused.npz"
PRECISION_FILE = "precision.json"
STEP_FIELDS = ("epoch", "step", "steps", "loss", "accuracy", "images_per_second")

FIELDS = ("history", "classes", "pictures", "settings", "epoch_so_far")  # in a checkpoint, as JSON
GROUPS = ("weights", "average", "optimizer", "best")  # of arrays in a checkpoint

_LOG = logging.getLogger(__name__)

Arrays = list[NDArray[Any]]
Row = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """Everything that a run needs to go on as if it had never stopped.

    Attributes:
        history: a row per finished epoch.
        step: training steps so far.
        weights: of the network and of its random generators, in Keras' order.
        average, optimizer: values in Keras' order; no average where none is kept.
        best: the weights of the epoch to keep, where that is not the last one.
        classes: their names in the order of the answers.
        pictures: fingerprint of the training pictures.
        settings: that it was trained with, as JSON.
        epoch_so_far: within an epoch its steps and their figures; empty at the end of one.
    """

    history: list[Row]
    step: int
    weights: Arrays
    average: Arrays
    optimizer: Arrays
    best: Arrays
    classes: tuple[str, ...] = ()
    pictures: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    epoch_so_far: Row = field(default_factory=dict)


class RunFolder:
    """The folder of one run. Every file in it is complete or absent, but the last line of ``steps.csv``."""

    def __init__(self, path: Path) -> None:
        """``path`` is made if missing."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def title(self) -> str | None:
        """A person's name for the run, if one was given."""
        title = read_json(self.path / CONFIG_FILE).get("title")
        return str(title) if title else None

    def history(self) -> list[Row]:
        """A row per finished epoch."""
        return list(read_rows(self.path / HISTORY_FILE))

    def steps(self) -> list[Row]:
        """A row per group of batches."""
        return list(read_rows(self.path / STEPS_FILE))

    def add_step(self, row: Mapping[str, float]) -> None:
        """Append a row to ``steps.csv``."""
        path = self.path / STEPS_FILE
        if not path.exists():
            _write_rows(path, STEP_FIELDS, [])
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, STEP_FIELDS).writerow(row)

    def cut_steps(self, epochs: int, step: int = 0) -> None:
        """Forget the rows after so many finished epochs and steps of the next, which were not kept."""
        path = self.path / STEPS_FILE
        if path.exists():
            end = (epochs + 1, step)
            kept = [
                row for row in self.steps() if (row.get("epoch", math.inf), row.get("step", math.inf)) <= end
            ]
            _write_rows(path, STEP_FIELDS, kept)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint, at the end of an epoch also its history for people to read."""
        within = bool(checkpoint.epoch_so_far)
        groups = {name: getattr(checkpoint, name) for name in GROUPS}
        arrays = {f"{name}{i}": value for name, values in groups.items() for i, value in enumerate(values)}
        arrays["step"] = np.asarray(checkpoint.step)
        for name in FIELDS:
            arrays[name] = np.asarray(json.dumps(getattr(checkpoint, name)))
        path = self.path / (PAUSED_FILE if within else CHECKPOINT_FILE)
        with replacing(path, durable=True) as temporary:
            np.savez(temporary, allow_pickle=False, **arrays)
        if not within:
            self.write_history(checkpoint.history)
            self.forget_pause()

    def forget_pause(self) -> None:
        """Remove what was kept of an epoch that is over, or will not be finished."""
        (self.path / PAUSED_FILE).unlink(missing_ok=True)

    def write_history(self, history: list[Row]) -> None:
        """Write ``history.csv``; nothing before the first epoch."""
        if history:
            _write_rows(self.path / HISTORY_FILE, list(history[-1]), history)

    def load(self) -> Checkpoint | None:
        """The checkpoint of the last finished epoch, or None in a new folder.

        Raises:
            TrainingError: the file is damaged.
        """
        return self._loaded(self.path / CHECKPOINT_FILE)

    def load_paused(self, pictures: str, settings: Mapping[str, Any]) -> Checkpoint | None:
        """The checkpoint within the epoch after the last finished one, or None without a pause in it.

        Other ``pictures`` or ``settings`` would make it another epoch, which then begins anew.

        Raises:
            TrainingError: the file is damaged.
        """
        paused = self._loaded(self.path / PAUSED_FILE)
        if paused is None or len(paused.history) != len(self.history()):
            return None
        if (paused.pictures, paused.settings) == (pictures, settings):
            return paused
        _LOG.warning("Pictures or settings have changed since the pause: the epoch begins anew.")
        self.forget_pause()
        return None

    def _loaded(self, path: Path) -> Checkpoint | None:
        if not path.exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                groups: dict[str, Any] = {name: _numbered(saved, name) for name in GROUPS}
                fields = {name: json.loads(str(saved[name])) for name in FIELDS if name in saved}
                fields["classes"] = tuple(fields["classes"])
                return Checkpoint(step=int(saved["step"]), **groups, **fields)
        except Exception as error:  # zip readers raise anything at all on damaged bytes
            raise TrainingError(
                f"Expected the checkpoint of this run in {path.name}. Received a damaged file "
                f"({type(error).__name__}). Start a new run; or delete the file, to go on without what "
                "was kept in it."
            ) from error


def kept_steps(path: Path) -> int:
    """How many steps of a begun epoch a pause has kept in ``path``; 0 for a file that is damaged."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            return int(json.loads(str(saved["epoch_so_far"]))["step"])
    except Exception:  # zip readers raise anything at all on damaged bytes
        return 0


def validation_losses(history: Iterable[Row]) -> list[float]:
    """The validation loss of each finished epoch, in nats."""
    return [row["val_loss"] for row in history]


def _write_rows(path: Path, fields: Iterable[str], rows: Iterable[Mapping[str, float]]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(fields), restval="")
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a table of numbers; a last line that is still being written is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    whole, _, _ = text.rpartition("\n")
    lines = whole.splitlines()
    names = lines[0].split(",") if lines else []
    return tuple(row for line in lines[1:] if (row := _row(names, line)) is not None)


def _row(names: list[str], line: str) -> Row | None:
    cells = line.split(",")
    if "" in cells:
        cells = [cell or "nan" for cell in cells]
    try:
        return dict(zip(names, map(float, cells), strict=True))
    except ValueError:
        return None


def _numbered(saved: Any, group: str) -> Arrays:
    names = sorted((n for n in saved.files if n.startswith(group)), key=lambda n: int(n[len(group) :]))
    return [saved[name] for name in names]
