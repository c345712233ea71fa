"""One training run in one process: reads pictures, writes its run folder, ends with a model.

The folder is all that anybody outside sees: ``config.json``, ``status.json`` (renewed every few
seconds), ``history.csv`` (a row per epoch) and ``checkpoint.npz`` (after every epoch). Started
again on the same folder, a run goes on after its last finished epoch.
"""

from __future__ import annotations

import csv
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import architectures
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.files import replacing, write_json
from cnn_core.training.averaging import WeightAverage
from cnn_core.training.config import TrainingConfig
from cnn_core.training.evaluation import evaluate_binary
from cnn_core.training.pipeline import CACHE_OVERSIZE, pixel_cache, training_batches

STATUS_SECONDS = 3.0
VALIDATION_BATCH = 100


class TrainingRun:
    """State of one run: networks, optimizer, averaged weights and the epochs behind it."""

    def __init__(
        self, config: TrainingConfig, training: LabelledFiles, validation: LabelledFiles, folder: Path
    ) -> None:
        self.config = config
        self.training = training
        self.validation = validation
        self.folder = folder
        self.history: list[dict[str, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "config.json", dataclasses.asdict(config))
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        self.model = architectures.photo_cnn(None, dropout=config.dropout, for_training=True)
        self.averaged = architectures.photo_cnn(None, for_training=True)
        self.average = WeightAverage(self.model, config.average_decay)
        self._compile()
        self._resume()

    def run(self) -> None:
        """Train the epochs that are left, then leave the averaged weights in ``averaged``."""
        for epoch in range(len(self.history), self.config.epochs):
            self._train_epoch(epoch)
        self.averaged.set_weights(self.average.values)

    def _compile(self) -> None:
        config = self.config
        steps = len(self.training.paths) // config.batch_size
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=round(steps * (config.epochs - config.warmup_epochs)),
            warmup_target=config.learning_rate,
            warmup_steps=round(steps * config.warmup_epochs),
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.model.compile(
            optimizer=optimizer,
            loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=config.label_smoothing),
            metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
            jit_compile=False,  # XLA slows convolutions down on a CPU
        )
        optimizer.build(self.model.trainable_variables)

    def _train_epoch(self, epoch: int) -> None:
        config = self.config
        if epoch == 0 or config.size_at(epoch) != config.size_at(epoch - 1):
            self.model.make_train_function(force=True)  # compiled anew for the size of this stage
        started, logs, waited = time.monotonic(), {"loss": 0.0, "accuracy": 0.0}, 0.0
        steps = len(self.training.paths) // config.batch_size
        said = asked = started
        for step, (inputs, labels) in enumerate(self._batches(epoch)):
            waited += time.monotonic() - asked
            answer = self.model.train_on_batch(inputs, labels, return_dict=True)
            logs = {key: mean + (float(answer[key]) - mean) / (step + 1) for key, mean in logs.items()}
            self.average.update()
            asked = time.monotonic()
            if asked - said > STATUS_SECONDS:
                said = asked
                self._say(epoch, step + 1, steps, (step + 1) * config.batch_size / (asked - started), logs)
        seconds = time.monotonic() - started
        self.averaged.set_weights(self.average.values)
        scores = evaluate_binary(self.validation_probabilities(), self.validation_labels())
        self.history.append(
            {
                "epoch": epoch + 1,
                "size_px": config.size_at(epoch),
                "loss": round(float(logs["loss"]), 5),
                "accuracy": round(float(logs["accuracy"]), 5),
                "val_loss": round(scores.loss, 5),
                "val_accuracy": round(scores.accuracy, 5),
                "learning_rate": round(float(self.model.optimizer.learning_rate), 7),
                "images_per_second": round(steps * config.batch_size / seconds, 1),
                "waiting_fraction": round(waited / seconds, 4),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
        self._save()

    def _batches(self, epoch: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        size_px = self.config.size_at(epoch)
        return training_batches(
            pixel_cache(self.training, round(size_px * CACHE_OVERSIZE), self.cache_folder),
            np.float32(self.training.labels),
            size_px=size_px,
            batch_size=self.config.batch_size,
            augmentation=self.config.augmentation,
            preprocessing=architectures.PHOTO_CNN_PREPROCESSING,
            seed=(self.config.seed, epoch),
        )

    def validation_labels(self) -> NDArray[np.float32]:
        """True class indices, ``(n,)``."""
        return np.float32(self.validation.labels)

    def validation_probabilities(self, size_px: int | None = None) -> NDArray[np.float64]:
        """Probability of class 1 per validation picture from the averaged weights, ``(n,)``."""
        size_px = self.config.input_size_px if size_px is None else size_px
        pixels = pixel_cache(self.validation, size_px, self.cache_folder)
        prepare = architectures.PHOTO_CNN_PREPROCESSING.apply
        logits = [
            self.averaged.predict_on_batch(prepare(pixels[i : i + VALIDATION_BATCH]))
            for i in range(0, len(pixels), VALIDATION_BATCH)
        ]
        return 1 / (1 + np.exp(-np.concatenate(logits)[:, 0].astype(np.float64)))

    @property
    def cache_folder(self) -> Path:
        """Decoded pictures, shared by all runs beside this one."""
        return self.folder.parent / "pixels"

    def _say(self, epoch: int, step: int, steps: int, speed: float, logs: dict[str, Any]) -> None:
        done = epoch * steps + step
        write_json(
            self.folder / "status.json",
            {
                "state": "running",
                "epoch": epoch + 1,
                "epochs": self.config.epochs,
                "step": step,
                "steps": steps,
                "images_per_second": round(speed, 1),
                "seconds_left": round((steps * self.config.epochs - done) * self.config.batch_size / speed),
                "loss": round(float(logs["loss"]), 4),
                "accuracy": round(float(logs["accuracy"]), 4),
                "time": time.time(),
            },
        )

    def _save(self) -> None:
        optimizer = [np.asarray(v) for v in self.model.optimizer.variables]
        groups = {"model": self.model.get_weights(), "average": self.average.values, "optimizer": optimizer}
        arrays = {f"{group}{i}": value for group, values in groups.items() for i, value in enumerate(values)}
        with replacing(self.folder / "checkpoint.npz") as temporary:
            np.savez(temporary, step=self.average.step, epochs=len(self.history), **arrays)
        with (
            replacing(self.folder / "history.csv") as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, fieldnames=list(self.history[0]))
            writer.writeheader()
            writer.writerows(self.history)

    def _resume(self) -> None:
        path = self.folder / "checkpoint.npz"
        if not path.exists():
            return
        with np.load(path) as saved:
            self.model.set_weights(_numbered(saved, "model"))
            self.average.values = _numbered(saved, "average")
            self.average.step = int(saved["step"])
            for variable, value in zip(
                self.model.optimizer.variables, _numbered(saved, "optimizer"), strict=True
            ):
                variable.assign(value)
            epochs = int(saved["epochs"])
        with (self.folder / "history.csv").open(newline="", encoding="utf-8") as file:
            rows = [dict(row) for row in csv.DictReader(file)]
        self.history = rows[:epochs]


def _numbered(saved: Any, group: str) -> list[NDArray[np.float32]]:
    names = sorted((n for n in saved.files if n.startswith(group)), key=lambda n: int(n[len(group) :]))
    return [saved[name] for name in names]
