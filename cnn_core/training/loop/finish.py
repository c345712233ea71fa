"""The end of a run: from the weights that are kept to a model folder, its card and its predictions."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.errors import TrainingError
from cnn_core.evaluation.predictions import Predictions, predicted_labels, two_columns, write_predictions
from cnn_core.evaluation.scores import evaluate
from cnn_core.models.card import MODEL_FOLDER
from cnn_core.models.store import STATISTICS_FILE
from cnn_core.neurons.statistics import channel_statistics, save_statistics
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress
from cnn_core.settings import settings_to_json
from cnn_core.training.loop.model_folder import basic_card, write_model_folder
from cnn_core.training.loop.objective import Objective
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.loop.validation import predictions_of
from cnn_core.training.run_folder import HISTORY_FILE

BATCH = 50
MOST_MEASURED = 2000  # photos for the statistics of the channels


def finish(run: TrainingRun, progress: Progress = SILENT) -> Path:
    """Write ``model/`` and the predictions of a run that has trained at least one epoch.

    All is computed before any of it is written, so that a run stopped in between has none of it, and begins
    with this again.

    Returns:
        The model folder.

    Raises:
        TrainingError: no epoch is finished.
    """
    if not run.history:
        raise TrainingError("Expected at least one finished epoch. Received: none. Resume the run.")
    for files in run.validated.values():
        run.pixels(files, progress)
    epoch, weights = run.weights_to_keep()
    progress(0.0, "Making the network")
    model = run.network.finished(weights)
    count = len(run.splits.validation.paths)
    spread = np.unique(np.linspace(0, count - 1, min(count, MOST_MEASURED)).astype(np.int64))  # all classes
    measured = run.pixels(run.splits.validation)[spread]
    total = len(measured) + sum(len(files.paths) for files in run.validated.values())
    done, found = 0, {}
    for name, files in run.validated.items():
        part = progress.between(done / total, (done + len(files.paths)) / total)
        batches = _inputs(run, run.pixels(files), part, f"Answering the {name} pictures")
        found[name] = predictions_of(_answers(run, model, batches), files)
        done += len(files.paths)
    batches = _inputs(run, measured, progress.between(done / total, 1.0), "Measuring the channels")
    statistics = channel_statistics(Probe(model), batches)
    card = {
        **_card(run, model, epoch),
        **{name: _scores(predictions, run.network.objective) for name, predictions in found.items()},
        "channels": {
            "convolution": sum(len(values.fires) for values in statistics.values()),
            "dead_on_validation": sum(int((~values.active).sum()) for values in statistics.values()),
        },
    }

    def more(folder: Path) -> None:
        save_statistics(folder / STATISTICS_FILE, statistics)
        shutil.copyfile(run.folder.path / HISTORY_FILE, folder / HISTORY_FILE)

    progress(1.0, "Writing the network")
    for name, predictions in found.items():
        write_predictions(run.folder.path / f"predictions_{name}.npz", predictions)
    write_model_folder(run.folder.path / MODEL_FOLDER, model, card, more)
    run.folder.forget_pause()
    return run.folder.path / MODEL_FOLDER


def _inputs(
    run: TrainingRun, pixels: NDArray[np.uint8], progress: Progress, doing: str
) -> Iterator[NDArray[np.float32]]:
    """Model inputs of pictures ``(n, H, W, 3)``, a batch at a time."""
    for start in range(0, len(pixels), BATCH):
        progress(start / len(pixels), doing)
        yield run.network.inputs(pixels[start : start + BATCH])


def _answers(
    run: TrainingRun, model: keras.Model, batches: Iterable[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Probabilities of the classes, ``(n, classes)``, by the finished model."""
    found: list[list[NDArray[np.float32]]] = []
    for inputs in batches:
        given = model.predict_on_batch(inputs)
        found.append(given if isinstance(given, list) else [given])
    heads = [np.concatenate(each) for each in zip(*found, strict=True)]
    return run.network.objective.joint([two_columns(each) if each.shape[1] == 1 else each for each in heads])


def _scores(found: Predictions, objective: Objective) -> dict[str, Any]:
    """Figures of a set; of several heads an answer is right where all are, and each has its own accuracy."""
    accuracies = objective.head_accuracies(predicted_labels(found), found.labels)
    heads = {"heads": {name: {"accuracy": value} for name, value in accuracies.items()}} if accuracies else {}
    scores, more = evaluate(found), ("auc", "confusion", "calibration_error") if found.two_classes else ()
    return {name: getattr(scores, name) for name in ("pictures", "accuracy", "loss", *more)} | heads


def _card(run: TrainingRun, model: keras.Model, epoch: int) -> dict[str, Any]:
    return {
        **basic_card(run.title, model, run.splits.classes, run.network),
        "preset": run.config.preset,
        "data": {
            name: {"pictures": files.counts(), "file_list_sha256": files.fingerprint()}
            for name, files in run.splits.items()
        },
        "training": {
            **settings_to_json(run.config),
            "kept_epoch": epoch,
            "epochs_trained": len(run.history),
            "precision_used": run.precision.chosen,
            "device_used": run.precision.device,
            "seconds": round(sum(row["seconds"] for row in run.history)),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("keras", "numpy", "pillow")},
            "backend": backend.version(),
        },
    }
