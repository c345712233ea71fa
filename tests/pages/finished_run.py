"""A run folder as a finished run leaves it, made in a moment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import run_folders
from run_folders import history_row
from tiny_model import write_tiny_model

from cnn_core.datasets.source import DataSource
from cnn_core.evaluation.predictions import Predictions, write_predictions
from cnn_core.models.card import checkpoint_folder
from cnn_core.training.settings.presets import preset_named
from dashboard.figures.pictures.pictures import png

KEPT_EPOCHS = (0, 1, 3)
EPOCHS = 3


def write_run(
    folder: Path,
    *,
    preset: str = "report_baseline",
    state: str = "finished",
    accuracies: Sequence[float] = (0.6, 0.8, 0.7),
    checkpoints: Sequence[int] = (),
    **about: Any,
) -> Path:
    """Write a run without a model: settings, status, history, and the epochs that it kept."""
    rows = [
        history_row(epoch, loss=1 / epoch, accuracy=0.9, val_loss=1 - accuracy, val_accuracy=accuracy)
        | {"images_per_second": 100.0 + epoch, "seconds": 10.0}
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]
    about = {"title": "Tiny run", "created": 1.0, "source": DataSource(folders=("photos",))} | about
    config = preset_named(preset).config
    run_folders.write_run(folder.parent, folder.name, state, history=rows, config=config, **about)
    if checkpoints:
        write_checkpoints(folder, checkpoints)
    return folder


def write_checkpoints(folder: Path, epochs: Sequence[int]) -> None:
    """Keep the tiny model as several epochs, each with larger weights than the one before."""
    write_tiny_model(folder)
    model = keras.models.load_model(folder / "tiny" / "model.keras")
    for epoch in epochs:
        kept = checkpoint_folder(folder, epoch)
        shutil.copytree(folder / "tiny", kept)
        card = json.loads((kept / "card.json").read_text(encoding="utf-8"))
        _write(kept / "card.json", card | {"epoch": epoch})
        model.save(kept / "model.keras")
        model.set_weights([weights * 1.5 for weights in model.get_weights()])
    shutil.rmtree(folder / "tiny")


def write_model(folder: Path, classes: Sequence[str] = ("cats", "dogs")) -> None:
    """Give a run the tiny model as the one that it has finished."""
    write_tiny_model(folder)
    (folder / "tiny").rename(folder / "model")
    card = json.loads((folder / "model" / "card.json").read_text(encoding="utf-8"))
    _write(folder / "model" / "card.json", card | {"classes": list(classes)})


def write_answers(
    folder: Path,
    probabilities: np.ndarray,
    labels: Sequence[int],
    classes: Sequence[str],
    *,
    name: str = "validation",
) -> tuple[str, ...]:
    """Write the pictures of a set and what a run answered to them; gives the paths of the pictures."""
    rng = np.random.default_rng(5)
    paths = []
    for number, label in enumerate(labels):
        path = folder / "photos" / name / classes[label] / f"{classes[label]}.{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(rng.integers(0, 256, (40, 48, 3)).astype(np.uint8)))
        paths.append(str(path))
    answers = Predictions(
        probabilities=np.asarray(probabilities, np.float32),
        labels=np.asarray(labels, np.int64),
        paths=tuple(paths),
        classes=tuple(classes),
    )
    write_predictions(folder / f"predictions_{name}.npz", answers)
    return answers.paths


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
