"""The network of a run while it is trained, with its optimizer and the weights that are validated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_core import backend
from cnn_core.architectures import Architecture, Plan, architecture_named
from cnn_core.errors import DataError
from cnn_core.images.decode import with_channels
from cnn_core.images.preprocessing import Preprocessing
from cnn_core.training.loop.averaging import MovingStatistics, WeightAverage
from cnn_core.training.loop.objective import Objective
from cnn_core.training.loop.optimizers import optimizer_of
from cnn_core.training.loop.stages import Stages
from cnn_core.training.run_folder import Arrays, Checkpoint, Row, validation_losses
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import preset_named

VALIDATION_BATCH_SIZE = 64

Float = NDArray[np.float32]


class Network:
    """A network, its optimizer and, where weights are averaged, the averaged network."""

    def __init__(
        self,
        config: TrainingConfig,
        classes: Sequence[str],
        steps: int,
        devices: backend.Devices,
        precision: str,
    ) -> None:
        """Make it with fresh weights from ``config.seed``.

        Args:
            classes: in the order of the labels.
            steps: training steps per epoch.
            precision: ``float32`` or ``mixed_bfloat16``.

        Raises:
            DataError: a network of several heads for classes that tell no factors.
        """
        self._config, self._steps, self._devices = config, steps, devices
        self.architecture = architecture_of(config)
        self.objective = objective_of(config, classes)
        self.stages = Stages.of(config, fine_tunes=self.architecture.fine_tuned is not None)
        self.plan = plan_of(config, classes)
        free = replace(self.plan, size_px=None)
        self._trained_plan = free if self.architecture.any_size else self.plan
        keras.utils.set_random_seed(config.seed)
        with backend.dtype_policy(precision), devices.scope():
            self.model = self.architecture.for_training(self._trained_plan)
            averages = config.average_decay > 0
            self._statistics = MovingStatistics(self.model)
            apart = averages or self._statistics.exist()
            self._validated = self.architecture.for_training(self._trained_plan) if apart else self.model
        self._step = 0
        self.average = WeightAverage(self.model.get_weights(), config.average_decay) if averages else None
        self._logits = backend.Graph(self._validated.inputs, self._validated.outputs)
        self.take_kept_weights()
        self._enter_step(fine_tuning=False)

    @property
    def data_set(self) -> str:
        """Key of the set that its preset is made for, see ``cnn_core.datasets.known_sets``; or nothing."""
        return preset_named(self._config.preset).data

    @property
    def preprocessing(self) -> Preprocessing:
        """From pixels to model input."""
        return self.architecture.preprocessing(self.plan)

    def train(self, inputs: Float, labels: Float, weights: Float) -> tuple[float, float]:
        """One step on a batch: loss in nats and share of right answers."""
        answer = self.step(inputs, labels, weights)
        self._step += 1
        if self.average is not None and self.average.is_due(self._step):
            self._move_average(self.average)
        return answer

    def start_epoch(self, epoch: int, losses: Sequence[float]) -> None:
        """Get ready for an epoch, counted from 0; fine-tuning begins with an optimizer of its own."""
        fine_tuning = self.stages.fine_tunes(epoch, losses)
        if fine_tuning != self._fine_tuning:
            self._enter_step(fine_tuning=fine_tuning)

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(np.asarray(self.optimizer.learning_rate))  # several devices hold a copy each

    def probabilities(self, pixels: NDArray[np.uint8]) -> Float:
        """The answer of the validated weights to pictures ``(n, H, W, 3)``: ``(n, classes)``."""
        groups = (pixels[i : i + VALIDATION_BATCH_SIZE] for i in range(0, len(pixels), VALIDATION_BATCH_SIZE))
        logits = [self._logits(self.inputs(group))[0] for group in groups]
        return self.objective.probabilities(np.concatenate(logits))

    def inputs(self, pixels: NDArray[np.uint8]) -> Float:
        """Pictures ``(n, H, W, 3)`` as the model takes them, ``(n, H, W, channels)``."""
        return self.preprocessing.apply(with_channels(pixels, self.architecture.channels))

    def kept_weights(self) -> Arrays:
        """The weights that are validated and kept, in Keras' order: of all steps so far."""
        if self.average is None:
            return self._statistics.corrected_weights(self._step)
        self._move_average(self.average)
        return self.average.values

    def take_kept_weights(self) -> None:
        """Have the weights validated from here on that would be kept now."""
        if self._validated is not self.model:
            self._validated.set_weights(self.kept_weights())

    def finished(self, weights: Arrays) -> keras.Model:
        """The network to keep: float32, probabilities, with some ``kept_weights``."""
        trained = self.architecture.for_training(self._trained_plan)
        trained.set_weights(weights)
        return self.architecture.finished(trained, self.plan)

    def checkpoint(self, history: list[dict[str, float]], best: Arrays) -> Checkpoint:
        """All that is needed to go on later; ``best`` are the weights of the epoch to keep, if any."""
        average = [] if self.average is None else list(self.kept_weights())
        return replace(self._variables(history), average=average, best=best)

    def checkpoint_within_epoch(self, history: list[dict[str, float]], so_far: Row) -> Checkpoint:
        """All that is needed to go on with the next step; no average moves out of its turn for it."""
        average = [] if self.average is None else list(self.average.values)
        average_step = 0 if self.average is None else self.average.step
        return replace(
            self._variables(history), average=average, epoch_so_far={**so_far, "average_step": average_step}
        )

    def _variables(self, history: list[dict[str, float]]) -> Checkpoint:
        return Checkpoint(
            history=history,
            step=self._step,
            weights=[np.asarray(v) for v in self.model.variables],
            average=[],
            optimizer=[np.asarray(v) for v in self.optimizer.variables],
            best=[],
        )

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            DataError: it is that of another network, as when classes have come or gone meanwhile.
        """
        within = saved.epoch_so_far
        self.start_epoch(len(saved.history) - (not within), validation_losses(saved.history))
        _assign(self.model.variables, saved.weights)
        _assign(self.optimizer.variables, saved.optimizer)
        self._step = saved.step
        if self.average is not None:
            _check_shapes(self.average.values, saved.average)
            self.average.restore(saved.average, int(within.get("average_step", saved.step)))
        if not within:  # taking them moves the average, whose turn it may not be
            self.take_kept_weights()

    def _move_average(self, average: WeightAverage) -> None:
        if average.step < self._step:
            average.move(self._step, self._statistics.corrected_weights(self._step))

    def _enter_step(self, *, fine_tuning: bool) -> None:
        self._fine_tuning = fine_tuning
        with self._devices.scope():
            if fine_tuning and self.architecture.fine_tuned is not None:
                self.architecture.fine_tuned(self.model)
            first = self.stages.planned_start
            self.optimizer = optimizer_of(self._config, first, self._steps, fine_tuning=fine_tuning)
            self.optimizer.build(self.model.trainable_variables)
        self.step = backend.TrainingStep(self.model, self.optimizer, self.objective, self._devices)


def architecture_of(config: TrainingConfig) -> Architecture:
    """The architecture of a preset."""
    return architecture_named(preset_named(config.preset).architecture)


def objective_of(config: TrainingConfig, classes: Sequence[str]) -> Objective:
    """What a run lowers.

    Raises:
        DataError: a preset of several heads for classes that tell no factors.
    """
    several = architecture_of(config).several_heads
    return Objective(classes, config.label_smoothing, several_heads=several)


def plan_of(config: TrainingConfig, classes: Sequence[str]) -> Plan:
    """What the settings of a run and its classes leave to its architecture."""
    return Plan(
        size_px=config.input_size_px,
        classes=len(classes),
        dropout=config.dropout,
        base=config.base,
        heads=objective_of(config, classes).heads,
    )


def _assign(variables: Any, values: Arrays) -> None:
    _check_shapes(variables, values)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _check_shapes(expected: Any, values: Arrays) -> None:
    if [tuple(one.shape) for one in expected] != [value.shape for value in values]:
        raise DataError(
            "Expected the classes and settings that the run began with. Received: a checkpoint of another "
            "network. Restore the class folders and config.json, or start a new run."
        )
