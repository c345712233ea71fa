"""Folders of runs as their processes would have left them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnn_core.datasets.source import DataSource
from cnn_core.settings import settings_to_json
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state
from cnn_core.training.settings.config import TrainingConfig

CONFIG = TrainingConfig(preset="lecture_baseline", epochs=6, batch_size=8)

SOURCE = DataSource(folders=("/photos",))


def history_row(epoch: int, **values: float) -> dict[str, float]:
    """An epoch that learned a little more than the one before."""
    return {
        "epoch": epoch,
        "loss": 0.7 - 0.05 * epoch,
        "accuracy": 0.5 + 0.04 * epoch,
        "val_loss": 0.7 - 0.04 * epoch,
        "val_accuracy": 0.5 + 0.03 * epoch,
        "images_per_second": 120.0,
        "waiting_fraction": 0.01,
        **values,
    }


def write_run(
    runs_folder: Path,
    key: str,
    state: str,
    *,
    title: str = "My run",
    history: int | Sequence[Mapping[str, float]] = 3,
    config: TrainingConfig = CONFIG,
    source: DataSource = SOURCE,
    created: float | None = None,
    **status: Any,
) -> Path:
    """A run in ``state`` after so many finished epochs, or with these rows of them."""
    folder = runs_folder / key
    folder.mkdir(parents=True)
    about = {
        "config": settings_to_json(config),
        "source": settings_to_json(source),
        "title": title,
        "created": time.time() if created is None else created,
    }
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    rows = map(history_row, range(1, history + 1)) if isinstance(history, int) else history
    if rows := list(rows):
        RunFolder(folder).write_history(rows)
    change_state(folder, state, **status)
    return folder


def write_card(run_folder: Path, **fields: Any) -> None:
    """Give a run the card of a finished network, without the network."""
    (run_folder / "model").mkdir()
    (run_folder / "model" / "card.json").write_text(json.dumps(fields), encoding="utf-8")


def validated_on(counts: Mapping[str, int], fingerprint: str | None = None) -> dict[str, Any]:
    """The part of a card that says which pictures a network was validated on."""
    return {"validation": {"pictures": counts, "file_list_sha256": fingerprint}}
