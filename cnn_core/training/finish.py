"""The end of a run: from averaged weights to a model folder with its card."""

from __future__ import annotations

import dataclasses
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import architectures, backend
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.files import write_json
from cnn_core.model_store import CARD_FILE, MODEL_FILE, STATISTICS_FILE
from cnn_core.neurons.statistics import ChannelStatistics, channel_statistics, save_statistics
from cnn_core.probe import Probe
from cnn_core.training.evaluation import BinaryEvaluation, evaluate_binary
from cnn_core.training.pipeline import pixel_cache
from cnn_core.training.run import TrainingRun

BATCH = 50


def finish(run: TrainingRun, output: Path) -> BinaryEvaluation:
    """Write the model folder of a run that has trained all its epochs.

    Args:
        run: the run.
        output: folder of the model; written beside it and renamed.

    Returns:
        The figures on the validation pictures that go into the card.
    """
    config = run.config
    run.averaged.set_weights(run.average.values)
    with backend.float32_policy():
        model = architectures.folded(run.averaged, config.input_size_px)
    pixels = pixel_cache(run.validation, config.input_size_px, run.cache_folder)
    probabilities = np.concatenate([model.predict_on_batch(inputs)[:, 0] for inputs in _batches(pixels)])
    scores = evaluate_binary(probabilities, np.asarray(run.validation.labels, np.float32))
    statistics = channel_statistics(Probe(model), _batches(pixels))
    temporary = output.with_name(f".{output.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.save(temporary / MODEL_FILE)
    save_statistics(temporary / STATISTICS_FILE, statistics)
    shutil.copyfile(run.folder.path / "history.csv", temporary / "history.csv")
    write_json(temporary / CARD_FILE, _card(run, model, scores, statistics))
    _put_in_place(temporary, output)
    return scores


def _put_in_place(finished: Path, output: Path) -> None:
    """Replace a model folder; the old one goes only when the new one is there."""
    old = output.with_name(f".{output.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    finished.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def _batches(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(pixels), BATCH):
        yield architectures.PHOTO_CNN_PREPROCESSING.apply(pixels[start : start + BATCH])


def _card(
    run: TrainingRun, model: keras.Model, scores: BinaryEvaluation, statistics: dict[str, ChannelStatistics]
) -> dict[str, Any]:
    preprocessing = architectures.PHOTO_CNN_PREPROCESSING
    dead = sum(int((~values.alive).sum()) for values in statistics.values())
    return {
        "title": " and ".join(run.training.classes).capitalize(),
        "preset": run.config.preset,
        "classes": list(run.training.classes),
        "input": {"height_px": run.config.input_size_px, "width_px": run.config.input_size_px, "channels": 3},
        "preprocessing": {
            "resize": "bilinear with antialiasing, aspect ratio not kept",
            "scale": list(preprocessing.scale),
            "offset": list(preprocessing.offset),
            "channel_order": preprocessing.channel_order,
        },
        "parameters": int(model.count_params()),
        "data": {"training": _data(run.training), "validation": _data(run.validation)},
        "validation": dataclasses.asdict(scores),
        "channels": {
            "convolution": sum(len(values.fires) for values in statistics.values()),
            "dead_on_validation": dead,
        },
        "training": {
            **dataclasses.asdict(run.config),
            "seconds": round(sum(row["seconds"] for row in run.history)),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("keras", "numpy", "pillow")},
            "backend": backend.version(),
        },
    }


def _data(files: LabelledFiles) -> dict[str, Any]:
    return {"pictures": files.counts(), "file_list_sha256": files.fingerprint()}
