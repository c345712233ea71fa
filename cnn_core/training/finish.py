"""The end of a run: from the weights that are kept to a model folder, its card and its predictions."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import TrainingError
from cnn_core.evaluation.predictions import Predictions, two_columns, write_predictions
from cnn_core.evaluation.scores import evaluate, evaluate_binary
from cnn_core.model_store import STATISTICS_FILE
from cnn_core.neurons.statistics import channel_statistics, save_statistics
from cnn_core.probe import Probe
from cnn_core.training.config import config_to_json
from cnn_core.training.judging import predictions_of
from cnn_core.training.model_folder import basic_card, versions, write_model_folder
from cnn_core.training.run import TrainingRun
from cnn_core.training.run_folder import HISTORY_FILE, MODEL_FOLDER

BATCH = 50
MOST_MEASURED = 2000  # photos for the statistics of the channels


def finish(run: TrainingRun) -> Path:
    """Write ``model/`` and the predictions of a run that has trained at least one epoch.

    Returns:
        The model folder.

    Raises:
        TrainingError: no epoch is finished.
    """
    if not run.history:
        raise TrainingError("Expected at least one finished epoch. Received: none. Resume the run.")
    epoch, weights = run.weights_to_keep()
    model = run.network.finished(weights)
    sets = {"validation": run.splits.validation}
    if run.splits.test is not None:
        sets["test"] = run.splits.test
    scores = {}
    for name, files in sets.items():
        found = _predictions(run, model, files)
        write_predictions(run.folder.path / f"predictions_{name}.npz", found)
        scores[name] = _scores(found)
    pixels = run.pixels(run.splits.validation)[_spread(len(run.splits.validation.paths))]
    statistics = channel_statistics(Probe(model), _batches(run, pixels))
    dead = sum(int((~values.alive).sum()) for values in statistics.values())
    channels = sum(len(values.fires) for values in statistics.values())
    card = {
        **_card(run, model, epoch),
        **scores,
        "channels": {"convolution": channels, "dead_on_validation": dead},
    }

    def more(folder: Path) -> None:
        save_statistics(folder / STATISTICS_FILE, statistics)
        shutil.copyfile(run.folder.path / HISTORY_FILE, folder / HISTORY_FILE)

    write_model_folder(run.folder.path / MODEL_FOLDER, model, card, more)
    return run.folder.path / MODEL_FOLDER


def _predictions(run: TrainingRun, model: keras.Model, files: LabelledFiles) -> Predictions:
    answers = np.concatenate([model.predict_on_batch(x) for x in _batches(run, run.pixels(files))])
    return predictions_of(two_columns(answers) if answers.shape[1] == 1 else answers, files)


def _scores(found: Predictions) -> dict[str, Any]:
    if found.two_classes:
        return dataclasses.asdict(evaluate_binary(found.probabilities[:, 1], found.labels.astype(np.float32)))
    scores = evaluate(found)
    return {"pictures": scores.pictures, "accuracy": scores.accuracy, "loss": scores.loss}


def _spread(count: int) -> NDArray[np.int64]:
    """Places of at most ``MOST_MEASURED`` pictures, from all classes."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_MEASURED)).astype(np.int64))


def _batches(run: TrainingRun, pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(pixels), BATCH):
        yield run.network.preprocessing.apply(pixels[start : start + BATCH])


def _card(run: TrainingRun, model: keras.Model, epoch: int) -> dict[str, Any]:
    title = run.folder.title() or " and ".join(run.splits.classes).capitalize()
    return {
        **basic_card(title, model, run.splits.classes, run.network),
        "preset": run.config.preset,
        "data": {name: _data(files) for name, files in run.splits.items()},
        "training": {
            **config_to_json(run.config),
            "kept_epoch": epoch,
            "epochs_trained": len(run.history),
            "precision_used": run.precision.chosen,
            "device_used": run.precision.device,
            "seconds": round(sum(row["seconds"] for row in run.history)),
        },
        "versions": versions(),
    }


def _data(files: LabelledFiles) -> dict[str, Any]:
    return {"pictures": files.counts(), "file_list_sha256": files.fingerprint()}
