"""One training run in one process: reads pictures, writes its run folder.

Started again on the same folder, a run goes on where it was paused, else after its last finished epoch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.datasets.splits import Splits
from cnn_core.errors import Cancelled
from cnn_core.models.card import checkpoint_folder
from cnn_core.progress import SILENT, Progress
from cnn_core.settings import settings_to_json
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.input.pipeline import Batch
from cnn_core.training.loop.epoch_pictures import EpochPictures
from cnn_core.training.loop.epoch_report import EpochReport
from cnn_core.training.loop.model_folder import basic_card, write_model_folder
from cnn_core.training.loop.optimizers import class_weights
from cnn_core.training.loop.requirements import check_same, check_trainable
from cnn_core.training.loop.starting_network import starting_network
from cnn_core.training.loop.time_left import FINE_TUNING_COST, FORWARD_SHARE, TimeLeft
from cnn_core.training.loop.validation import check_finite, loss_and_accuracy
from cnn_core.training.run_folder import Arrays, Checkpoint, RunFolder, validation_losses
from cnn_core.training.run_status import change_state
from cnn_core.training.settings.config import TrainingConfig

STOPPED = "Stopped as asked; all steps so far are kept."
COMPILING = "Compiling the first step"
MOST_NAMED = 4  # classes in the title of a run without one

_LOG = logging.getLogger(__name__)


class TrainingRun:
    """State of one run: its network and the epochs behind it."""

    def __init__(
        self,
        config: TrainingConfig,
        splits: Splits,
        folder: Path,
        pictures: DecodedPictures,
        progress: Progress = SILENT,
    ) -> None:
        """Make a run, or take it up where it stopped.

        Args:
            pictures: to decode and to keep open; may have begun already.
            progress: told while the precision is measured and while decoding is waited for.

        Raises:
            DataError: too few pictures, settings that do not fit the network, or other classes than before.
            ChangedSettingsError: other settings than before, where that matters.
        """
        check_trainable(config, splits)
        self.config, self.splits, self._progress = config, splits, progress
        self.folder = RunFolder(folder)
        saved = self.folder.load()
        if saved is not None:
            check_same(saved, config, splits.classes)
        self.devices = backend.Devices(config.device, most=config.batch_size)
        self._steps = len(splits.training.paths) // config.batch_size
        with pictures.resting():
            self.precision, self.network = starting_network(
                config, splits.classes, self._steps, self.devices, folder, progress
            )
        self._class_weights = class_weights(config.class_weights, splits.training)
        self._pictures = pictures
        self._by_epoch = EpochPictures(config, splits, pictures, self.network.stages)
        batches = len(splits.validation.paths) / config.batch_size
        validation_cost = FORWARD_SHARE * batches * config.input_size_px**2
        self._time_left = TimeLeft(steps=self._steps, validation_cost=validation_cost)
        self._fingerprint = splits.training.fingerprint()
        self.history: list[dict[str, float]] = [] if saved is None else saved.history
        self._best: Arrays = [] if saved is None else saved.best
        if saved is not None:
            if saved.pictures != self._fingerprint:
                _LOG.warning("The training pictures have changed since the epochs before.")
            self.network.restore(saved)
            self.folder.write_history(self.history)  # the last process may have ended just before
        self._paused = self.folder.load_paused(self._fingerprint, settings_to_json(config))
        kept = 0 if self._paused is None else int(self._paused.epoch_so_far["step"])
        self.folder.cut_steps(len(self.history), kept)

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Train the epochs that are left.

        Args:
            stopped: asked after each step, and while decoding is waited for, whether to stop.

        Raises:
            Cancelled: ``stopped`` said so; all steps so far are kept.
            DivergedError: the loss is no longer a number.
            OSError: the disk is full, or the data is gone.
        """
        self._by_epoch.begin(self._losses())
        if self._paused is not None:
            self.network.restore(self._paused)
        elif 0 in self.config.kept_epochs and not self.history:
            self._keep_epoch(0)
        waiting = replace(self._progress, cancelled=stopped)
        while not self.is_over():
            self._train_epoch(len(self.history), stopped, waiting)

    @property
    def title(self) -> str:
        """A person's name for what it trains: that of the run, else what its classes are called."""
        classes = self.splits.classes
        few = len(classes) <= MOST_NAMED
        return self.folder.title() or (
            " and ".join(classes).capitalize() if few else f"{len(classes)} classes"
        )

    @property
    def validated(self) -> dict[str, LabelledFiles]:
        """The sets that are not trained on, by name."""
        return {name: files for name, files in self.splits.items() if name != "training"}

    @property
    def best_epoch(self) -> int:
        """The epoch of the lowest validation loss, counted from 1."""
        return 1 + min(range(len(self.history)), key=lambda epoch: self.history[epoch]["val_loss"])

    def weights_to_keep(self) -> tuple[int, Arrays]:
        """Epoch, counted from 1, and weights that become the model."""
        if self.config.keep == "best":
            return self.best_epoch, self._best
        return len(self.history), self.network.kept_weights()

    def is_over(self) -> bool:
        """Whether all epochs are trained, or the validation loss has not fallen for too many of them."""
        return self.network.stages.is_over(self._losses())

    def _train_epoch(self, epoch: int, stopped: Callable[[], bool], waiting: Progress) -> None:
        losses = self._losses()
        self.network.start_epoch(epoch, losses)
        epochs = self.network.stages.end(losses)
        report = EpochReport(epoch=epoch, epochs=epochs, steps=self._steps, batch_size=self.config.batch_size)
        if self._paused is not None:
            report.resumed(self._paused.epoch_so_far)
            self._paused = None
        batches = self._by_epoch.batches(
            epoch,
            losses,
            self.network.preprocessing,
            self.network.architecture.channels,
            report.step,
            stopped,
        )
        try:
            self._by_epoch.wait_for_first_batch(epoch, losses, waiting)
            if self._time_left.seconds_per_cost is None:
                change_state(self.folder.path, "preparing", doing=COMPILING)
            stop = self._train_steps(report, batches, stopped)
            self._pictures.wait_for_all(waiting)
        except Cancelled:
            self._pictures.close()  # nobody waits any longer
            if report.step:
                self._keep_steps(report)
            raise
        self._finish_epoch(epoch, report)
        if stop:  # in the last step, after which the epoch is kept
            raise Cancelled(STOPPED)

    def _train_steps(
        self, report: EpochReport, batches: Iterator[Batch], stopped: Callable[[], bool]
    ) -> bool:
        """Train on the batches; whether to stop after the last one."""
        stop = False
        for inputs, labels in batches:
            report.batch_came()
            loss, accuracy = self.network.train(inputs, labels, self._class_weights[labels.astype(int)])
            check_finite(loss, report.epoch, report.step + 1)
            tell = report.step_done(loss, accuracy)
            if self._pictures.decoding:
                report.begin_pace()
            if tell:
                self._tell(report)
            elif not report.paced_steps:
                self._say(report)
            stop = stopped()
            if stop and report.step < self._steps:
                raise Cancelled(STOPPED)
        return stop

    def _finish_epoch(self, epoch: int, report: EpochReport) -> None:
        pace, size_px = report.pace(), self._size_px(epoch)
        self.network.take_kept_weights()
        val_loss, val_accuracy = loss_and_accuracy(
            self.probabilities(self.splits.validation), self.splits.validation
        )
        check_finite(val_loss, epoch, self._steps)
        row = {
            "epoch": epoch + 1,
            "size_px": size_px,
            **report.means.rounded(5),
            "val_loss": round(val_loss, 5),
            "val_accuracy": round(val_accuracy, 5),
            "learning_rate": round(self.network.learning_rate, 9),
            **pace,
            "seconds": round(report.seconds(), 1),
        }
        self.history.append(row)
        if self.config.keep == "best" and self.best_epoch == epoch + 1:
            self._best = [weight.copy() for weight in self.network.kept_weights()]
        if epoch + 1 in self.config.kept_epochs:
            self._keep_epoch(epoch + 1)
        self._save(self.network.checkpoint(self.history, self._best))
        if self.config.tensorboard:
            self._events.write(epoch + 1, row)
        self._time_left.validation_timed(time.monotonic() - report.last_step)

    def _keep_steps(self, report: EpochReport) -> None:
        """Keep an epoch in progress, so that it can go on with its next step."""
        self._tell(report)
        self._save(self.network.checkpoint_within_epoch(self.history, report.so_far()))

    def _save(self, checkpoint: Checkpoint) -> None:
        self.folder.save(
            replace(
                checkpoint,
                classes=self.splits.classes,
                pictures=self._fingerprint,
                settings=settings_to_json(self.config),
            )
        )

    @cached_property
    def _events(self) -> backend.EventWriter:
        return backend.EventWriter(self.folder.path / "tensorboard")

    def probabilities(self, files: LabelledFiles) -> NDArray[np.float32]:
        """The answers of the weights as they are, ``(n, classes)``."""
        return self.network.probabilities(self.pixels(files))

    def pixels(self, files: LabelledFiles, progress: Progress = SILENT) -> NDArray[np.uint8]:
        """Pictures as the finished model takes them, ``(n, size, size, 3)``."""
        return self._pictures.of(files, self.config.input_size_px, progress)

    def _losses(self) -> list[float]:
        return validation_losses(self.history)

    def _size_px(self, epoch: int) -> int:
        return self._by_epoch.size_px(epoch, self._losses())

    def _tell(self, report: EpochReport) -> None:
        """Write a row over the last steps, and how far the run is."""
        if report.group.steps:
            self.folder.add_step(report.group_row())
        self._say(report)

    def _say(self, report: EpochReport) -> None:
        """Write how far the run is, with the time left once the pace is known."""
        costs = [self._step_cost(epoch) for epoch in range(report.epoch, report.epochs)]
        self._time_left.steps_timed(*report.timed(), costs[0])
        left = self._time_left.seconds(report.step, costs)
        used = {"precision": self.precision.chosen, "device": self.precision.device}
        told = {} if left is None else {"seconds_left": round(left)}
        change_state(self.folder.path, "running", **report.status(), **told, **used)

    def _step_cost(self, epoch: int) -> float:
        """What a step of an epoch costs, beside those of other epochs."""
        fine_tuning = self.network.stages.fine_tunes(epoch, self._losses())
        return self._size_px(epoch) ** 2 * (FINE_TUNING_COST if fine_tuning else 1.0)

    def _keep_epoch(self, epoch: int) -> None:
        """Keep the network as it is now as a model; 0 is the one before its training."""
        model = self.network.finished(self.network.kept_weights())
        card = {**basic_card(self.title, model, self.splits.classes, self.network), "epoch": epoch}
        if self.history:
            row = self.history[-1]
            card["validation"] = {"accuracy": row["val_accuracy"], "loss": row["val_loss"]}
        write_model_folder(checkpoint_folder(self.folder.path, epoch), model, card)
