"""One training run in one process: reads pictures, writes its run folder.

Started again on the same folder, a run goes on after its last finished epoch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import architectures
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import DataError
from cnn_core.training.averaging import WeightAverage
from cnn_core.training.config import TrainingConfig
from cnn_core.training.evaluation import evaluate_binary
from cnn_core.training.pipeline import CACHE_OVERSIZE, Batch, pixel_cache, training_batches
from cnn_core.training.run_folder import Checkpoint, RunFolder

STATUS_SECONDS = 3.0
VALIDATION_BATCH = 100
LONGEST_WARMUP_SHARE = 0.2


class TrainingRun:
    """State of one run: networks, optimizer, averaged weights and the epochs behind it."""

    def __init__(
        self, config: TrainingConfig, training: LabelledFiles, validation: LabelledFiles, folder: Path
    ) -> None:
        """Make a run, or take it up where it stopped.

        Raises:
            DataError: classes that do not fit, too few pictures, or a folder with other settings.
        """
        _check_data(config, training, validation)
        self.config = config
        self.training = training
        self.validation = validation
        self.folder = RunFolder(folder, config)
        self.history: list[dict[str, float]] = []
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        self.model = architectures.photo_cnn(None, dropout=config.dropout, for_training=True)
        self.averaged = architectures.photo_cnn(None, for_training=True)
        self.average = WeightAverage(self.model, config.average_decay)
        self._steps = len(training.paths) // config.batch_size
        self._compile()
        self._resume()

    def run(self) -> None:
        """Train the epochs that are left, then leave the averaged weights in ``averaged``."""
        try:
            for epoch in range(len(self.history), self.config.epochs):
                self._train_epoch(epoch)
        except BaseException as error:
            self.folder.write_status("failed", epochs_done=len(self.history), reason=repr(error))
            raise
        self.averaged.set_weights(self.average.values)
        self.folder.write_status("finished", epochs_done=len(self.history))

    def validation_probabilities(self) -> NDArray[np.float64]:
        """Probability of class 1 per validation picture from the averaged weights, ``(n,)``."""
        pixels = pixel_cache(self.validation, self.config.input_size_px, self.cache_folder)
        prepare = architectures.PHOTO_CNN_PREPROCESSING.apply
        logits = [
            self.averaged.predict_on_batch(prepare(pixels[i : i + VALIDATION_BATCH]))
            for i in range(0, len(pixels), VALIDATION_BATCH)
        ]
        return 1 / (1 + np.exp(-np.concatenate(logits)[:, 0].astype(np.float64)))

    @property
    def cache_folder(self) -> Path:
        """Decoded pictures, shared by all runs beside this one."""
        return self.folder.path.parent / "pixels"

    def _compile(self) -> None:
        config = self.config
        warmup_epochs = min(config.warmup_epochs, LONGEST_WARMUP_SHARE * config.epochs)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(1, round(self._steps * (config.epochs - warmup_epochs))),
            warmup_target=config.learning_rate,
            warmup_steps=round(self._steps * warmup_epochs),
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
        clock = _Clock()
        means = {"loss": 0.0, "accuracy": 0.0}
        for step, (inputs, labels) in enumerate(self._batches(epoch), start=1):
            clock.batch_came()
            answer = self.model.train_on_batch(inputs, labels, return_dict=True)
            means = {key: mean + (float(answer[key]) - mean) / step for key, mean in means.items()}
            self.average.update()
            clock.step_done()
            if clock.status_is_due():
                self._write_status(epoch, step, step * config.batch_size / clock.seconds(), means)
        seconds = clock.seconds()
        self.averaged.set_weights(self.average.values)
        truth = np.asarray(self.validation.labels, np.float32)
        scores = evaluate_binary(self.validation_probabilities(), truth)
        self.history.append(
            {
                "epoch": epoch + 1,
                "size_px": config.size_at(epoch),
                "loss": round(means["loss"], 5),
                "accuracy": round(means["accuracy"], 5),
                "val_loss": round(scores.loss, 5),
                "val_accuracy": round(scores.accuracy, 5),
                "learning_rate": round(float(self.model.optimizer.learning_rate), 7),
                "images_per_second": round(self._steps * config.batch_size / seconds, 1),
                "waiting_fraction": round(clock.waited_seconds / seconds, 4),
                "seconds": round(clock.seconds(), 1),
            }
        )
        self._save()

    def _batches(self, epoch: int) -> Iterator[Batch]:
        size_px = self.config.size_at(epoch)
        return training_batches(
            pixel_cache(self.training, round(size_px * CACHE_OVERSIZE), self.cache_folder),
            np.asarray(self.training.labels, np.float32),
            size_px=size_px,
            batch_size=self.config.batch_size,
            augmentation=self.config.augmentation,
            preprocessing=architectures.PHOTO_CNN_PREPROCESSING,
            seed=(self.config.seed, epoch),
        )

    def _write_status(self, epoch: int, step: int, images_per_second: float, means: dict[str, float]) -> None:
        steps_left = self._steps * (self.config.epochs - epoch) - step
        self.folder.write_status(
            "running",
            epoch=epoch + 1,
            epochs=self.config.epochs,
            step=step,
            steps=self._steps,
            images_per_second=round(images_per_second, 1),
            seconds_left=round(steps_left * self.config.batch_size / images_per_second),
            loss=round(means["loss"], 4),
            accuracy=round(means["accuracy"], 4),
        )

    def _save(self) -> None:
        self.folder.save(
            Checkpoint(
                history=self.history,
                step=self.average.step,
                weights=self.model.get_weights(),
                average=list(self.average.values),
                optimizer=[np.asarray(v) for v in self.model.optimizer.variables],
            )
        )

    def _resume(self) -> None:
        saved = self.folder.load()
        if saved is None:
            return
        self.history = saved.history
        self.model.set_weights(saved.weights)
        self.average.values = saved.average
        self.average.step = saved.step
        for variable, value in zip(self.model.optimizer.variables, saved.optimizer, strict=True):
            variable.assign(value)


@dataclass(slots=True)
class _Clock:
    """How long an epoch takes, and how much of that it waits for data."""

    started: float = field(default_factory=time.monotonic)
    waited_seconds: float = 0.0
    asked: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def batch_came(self) -> None:
        self.waited_seconds += time.monotonic() - self.asked

    def step_done(self) -> None:
        self.asked = time.monotonic()

    def status_is_due(self) -> bool:
        if self.asked - self.said < STATUS_SECONDS:
            return False
        self.said = self.asked
        return True


def _check_data(config: TrainingConfig, training: LabelledFiles, validation: LabelledFiles) -> None:
    if training.classes != validation.classes:
        raise DataError(
            f"Expected the same classes for training and validation, {list(training.classes)}. "
            f"Received: {list(validation.classes)}. Rename the class folders so that they agree."
        )
    if len(training.classes) != 2:
        raise DataError(
            f"Expected two classes for {config.preset}, which has one sigmoid unit. "
            f"Received: {list(training.classes)}. Choose folders with two class folders."
        )
    if len(training.paths) < config.batch_size:
        raise DataError(
            f"Expected at least one batch of {config.batch_size} training pictures. "
            f"Received: {len(training.paths)}. Add pictures."
        )
