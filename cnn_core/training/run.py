"""One training run in one process: reads pictures, writes its run folder.

Started again on the same folder, a run goes on after its last finished epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled, DataError, DivergedError
from cnn_core.training.clock import Clock, Means
from cnn_core.training.config import TrainingConfig
from cnn_core.training.model_folder import write_frame
from cnn_core.training.network import Network, architecture_of
from cnn_core.training.pipeline import Batch, Batching, kept_size_px, pixel_cache, training_batches
from cnn_core.training.precision import precision_of
from cnn_core.training.run_folder import FILM_FOLDER, Arrays, RunFolder, frame_key

SMALLEST_PROBABILITY = 1e-7


class TrainingRun:
    """State of one run: its network and the epochs behind it."""

    def __init__(self, config: TrainingConfig, splits: Splits, folder: Path, cache_folder: Path) -> None:
        """Make a run, or take it up where it stopped.

        Args:
            config: its settings.
            splits: its pictures.
            folder: of the run; made if missing.
            cache_folder: decoded pictures, shared by runs.

        Raises:
            DataError: too few pictures, or settings that do not fit the network.
        """
        _check(config, splits)
        self.config, self.splits, self.cache_folder = config, splits, cache_folder
        self.folder = RunFolder(folder)
        self.devices = backend.Devices(config.device)
        self._steps = len(splits.training.paths) // config.batch_size
        size_px = max(config.size_at(epoch) for epoch in range(config.epochs))
        self.precision = precision_of(
            config.precision,
            self.devices,
            lambda precision: self._network(precision).step,
            (config.batch_size, size_px, size_px, 3),
            folder,
        )
        self.network = self._network(self.precision.chosen)
        self._labels = np.asarray(splits.training.labels, np.float32)
        self._class_weights = _class_weights(config, splits.training)
        self._film = epochs_to_film(config.epochs, config.film_frames)
        saved = self.folder.load()
        self.history: list[dict[str, float]] = [] if saved is None else saved.history
        self._best: Arrays = [] if saved is None else saved.best
        self._maps: dict[tuple[LabelledFiles, int], NDArray[np.uint8]] = {}
        if saved is not None:
            self.network.restore(saved)
            self.folder.write_history(self.history)  # the last process may have ended just before
        self.folder.cut_steps(len(self.history))

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Train the epochs that are left.

        Args:
            stopped: asked after each step and each group of decoded pictures whether to stop.

        Raises:
            Cancelled: ``stopped`` said so; the epochs before are kept.
            DivergedError: the loss is no longer a number.
            OSError: the disk is full, or the data is gone.
        """
        if 0 in self._film and not self.history:
            self._keep_frame(0)
        for epoch in range(len(self.history), self.config.epochs):
            if self.stops_early():
                break
            self._train_epoch(epoch, stopped)

    @property
    def best_epoch(self) -> int:
        """The epoch of the lowest validation loss, counted from 1."""
        return 1 + min(range(len(self.history)), key=lambda epoch: self.history[epoch]["val_loss"])

    def weights_to_keep(self) -> tuple[int, Arrays]:
        """Epoch, counted from 1, and weights that become the model."""
        if self.config.keep == "best":
            return self.best_epoch, self._best
        return len(self.history), self.network.kept_weights()

    def stops_early(self) -> bool:
        """Whether the validation loss has not fallen for as many epochs as the settings allow."""
        patience = self.config.early_stopping_epochs
        return 0 < patience <= len(self.history) - self.best_epoch if self.history else False

    def _network(self, precision: str) -> Network:
        classes = len(self.splits.classes)
        return Network(self.config, classes, self._steps, self.devices, precision)

    def _train_epoch(self, epoch: int, stopped: Callable[[], bool]) -> None:
        pixels = self._decoded(self.splits.training, self._kept_size_px(epoch), stopped)
        self._decoded(self.splits.validation, self.config.input_size_px, stopped)
        self.network.start_epoch(epoch)
        clock, means, group = Clock(), Means(), Means()
        for step, (inputs, labels) in enumerate(self._batches(pixels, epoch), start=1):
            clock.batch_came()
            loss, accuracy = self.network.train(inputs, labels, self._class_weights[labels.astype(int)])
            if not math.isfinite(loss):
                raise _not_finite(epoch, step, loss)
            means.add(loss, accuracy)
            group.add(loss, accuracy)
            clock.step_done()
            if clock.row_is_due() or step == self._steps:
                self._tell(epoch, step, clock, means, group)
                group = Means()
            if stopped():
                raise Cancelled("Stopped as asked; the finished epochs are kept.")
        self._finish_epoch(epoch, clock, means)

    def _batches(self, pixels: NDArray[np.uint8], epoch: int) -> Iterator[Batch]:
        batching = Batching(
            size_px=self.config.size_at(epoch),
            batch_size=self.config.batch_size,
            augmentation=self.config.augmentation,
            preprocessing=self.network.preprocessing,
            seed=(self.config.seed, epoch),
        )
        return training_batches(pixels, self._labels, batching)

    def _finish_epoch(self, epoch: int, clock: Clock, means: Means) -> None:
        trained_seconds = clock.seconds()
        self.network.take_averaged_weights()
        val_loss, val_accuracy = self._judge()
        if not math.isfinite(val_loss):
            raise _not_finite(epoch, self._steps, val_loss)
        row = {
            "epoch": epoch + 1,
            "size_px": self.config.size_at(epoch),
            "loss": round(means.loss, 5),
            "accuracy": round(means.accuracy, 5),
            "val_loss": round(val_loss, 5),
            "val_accuracy": round(val_accuracy, 5),
            "learning_rate": round(self.network.learning_rate, 9),
            "images_per_second": round(self._steps * self.config.batch_size / trained_seconds, 1),
            "waiting_fraction": round(clock.waited_seconds / trained_seconds, 4),
            "seconds": round(clock.seconds(), 1),
        }
        self.history.append(row)
        if self.config.keep == "best" and self.best_epoch == epoch + 1:
            self._best = [weight.copy() for weight in self.network.kept_weights()]
        if epoch + 1 in self._film:
            self._keep_frame(epoch + 1)
        self.folder.save(self.network.checkpoint(self.history, self._best))
        if self.config.tensorboard:
            backend.EventWriter(self.folder.path / "tensorboard").write(epoch + 1, row)

    def probabilities(self, files: LabelledFiles) -> NDArray[np.float32]:
        """The answers of the weights as they are, ``(n, classes)``."""
        return self.network.probabilities(self.pixels(files))

    def pixels(self, files: LabelledFiles) -> NDArray[np.uint8]:
        """Pictures as the finished model takes them, ``(n, size, size, 3)``."""
        return self._decoded(files, self.config.input_size_px)

    def _judge(self) -> tuple[float, float]:
        """Mean cross-entropy in nats, and accuracy, on the validation pictures."""
        answers = self.probabilities(self.splits.validation).astype(np.float64)
        truth = np.asarray(self.splits.validation.labels)
        of_truth = np.clip(
            answers[np.arange(len(truth)), truth], SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY
        )
        return float(-np.log(of_truth).mean()), float(np.mean(answers.argmax(axis=1) == truth))

    def _kept_size_px(self, epoch: int) -> int:
        return kept_size_px(self.config.size_at(epoch), self.config.augmentation)

    def _decoded(
        self, files: LabelledFiles, size_px: int, stopped: Callable[[], bool] = lambda: False
    ) -> NDArray[np.uint8]:
        def tell(fraction: float) -> None:
            if stopped():
                raise Cancelled("Stopped as asked while the pictures were decoded.")
            self.folder.write_status("preparing", doing="Decoding the pictures once", fraction=fraction)

        # Kept open: neither the cache making room nor photos that are moved away disturb a run.
        if (files, size_px) not in self._maps:
            self._maps[files, size_px] = pixel_cache(files, size_px, self.cache_folder, tell)
        return self._maps[files, size_px]

    def _tell(self, epoch: int, step: int, clock: Clock, means: Means, group: Means) -> None:
        images_per_second = step * self.config.batch_size / clock.seconds()
        steps_left = self._steps * (self.config.epochs - epoch) - step
        self.folder.add_step(
            {
                "epoch": epoch + 1,
                "step": step,
                "steps": self._steps,
                "loss": round(group.loss, 5),
                "accuracy": round(group.accuracy, 5),
                "images_per_second": round(images_per_second, 1),
            }
        )
        self.folder.write_status(
            "running",
            epoch=epoch + 1,
            epochs=self.config.epochs,
            step=step,
            steps=self._steps,
            images_per_second=round(images_per_second, 1),
            waiting_fraction=round(clock.waited_seconds / clock.seconds(), 4),
            seconds_left=round(steps_left * self.config.batch_size / images_per_second),
            loss=round(means.loss, 4),
            accuracy=round(means.accuracy, 4),
            precision=self.precision.chosen,
            device=self.precision.device,
        )

    def _keep_frame(self, epoch: int) -> None:
        path = self.folder.path / FILM_FOLDER / frame_key(epoch)
        network = self.network
        model = network.finished(network.kept_weights())
        row = self.history[-1] if self.history else {}
        write_frame(path, model, epoch, self.splits.classes, network, row)


def epochs_to_film(epochs: int, frames: int) -> frozenset[int]:
    """The epochs whose weights are kept: 0, the fresh network, then spread like powers up to the last."""
    if frames == 0:
        return frozenset()
    if frames == 1:
        return frozenset({epochs})
    return frozenset({0, *(round(float(epoch)) for epoch in np.geomspace(epochs, 1, frames - 1))})


def _class_weights(config: TrainingConfig, files: LabelledFiles) -> NDArray[np.float32]:
    """Weight of a picture by its class, ``(classes,)``; over all pictures the mean is 1."""
    counts = np.asarray(list(files.counts().values()), np.float32)
    if config.class_weights == "none":
        return np.ones_like(counts)
    return np.asarray(counts.sum() / (len(counts) * counts), np.float32)


def _not_finite(epoch: int, step: int, loss: float) -> DivergedError:
    return DivergedError(
        f"Expected a loss that is a number. Received: {loss} in epoch {epoch + 1}, step {step}. "
        "Start anew with a lower learning rate, a tenth say."
    )


def _check(config: TrainingConfig, splits: Splits) -> None:
    if len(splits.training.paths) < config.batch_size:
        raise DataError(
            f"Expected at least one batch of {config.batch_size} training pictures. "
            f"Received: {len(splits.training.paths)}. Add pictures, or lower the batch size."
        )
    sizes_px = set(config.sizes_px) or {config.input_size_px}
    if not architecture_of(config).any_size and sizes_px != {config.input_size_px}:
        raise DataError(
            f"Expected one picture size for {config.preset}, which flattens its maps. Received: sizes "
            f"{list(config.sizes_px)} and input {config.input_size_px}. Leave `sizes_px` empty."
        )
