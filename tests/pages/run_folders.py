"""Folders of runs as their processes would have left them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from cnn_core.datasets.source import DataSource
from cnn_core.settings import settings_to_json
from cnn_core.training.run_folder import RunFolder
from cnn_core.training.run_status import change_state
from cnn_core.training.settings.config import TrainingConfig

CONFIG = TrainingConfig(preset="lecture_baseline", epochs=6, batch_size=8)


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
    epochs: int = 3,
    config: TrainingConfig = CONFIG,
    **status: Any,
) -> Path:
    """A run in ``state`` after so many finished epochs."""
    folder = runs_folder / key
    folder.mkdir(parents=True)
    about = {
        "config": settings_to_json(config),
        "source": settings_to_json(DataSource(folders=("/photos",))),
        "title": title,
        "created": time.time(),
    }
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    RunFolder(folder).write_history([history_row(epoch) for epoch in range(1, epochs + 1)])
    change_state(folder, state, **status)
    return folder
