"""One step of training, on one device or shared by several, and figures for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnn_core.backend.devices import Devices


class Objective(Protocol):
    """What a step lowers: functions of labels ``(n,)`` and logits ``(n, units)``, each to ``(n,)``."""

    def losses(self, labels: Any, logits: Any) -> Any:
        """In nats."""

    def right(self, labels: Any, logits: Any) -> Any:
        """1 where the answer is the label, else 0, float32."""


class TrainingStep:
    """One step of gradient descent on a batch, shared by all devices of a strategy."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        objective: Objective,
        devices: Devices,
    ) -> None:
        """Compile the step anew for each shape of the batch.

        Args:
            model: answers logits.
            optimizer: made inside ``devices.scope()``, as was the model.
            objective: what is lowered, and what counts as right.
            devices: where to compute.
        """
        self._strategy = devices.strategy

        def on_one_device(x: tf.Tensor, y: tf.Tensor, weight: tf.Tensor, share: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                loss = tf.reduce_sum(objective.losses(y, logits) * weight) * share
                total = tf.add_n([loss, *model.losses])
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(total, variables), variables)
            return loss, tf.reduce_sum(objective.right(y, logits)) * share

        @tf.function(jit_compile=False, reduce_retracing=False)
        def step(x: Any, y: Any, weight: Any, share: tf.Tensor) -> Any:
            answers = self._strategy.run(on_one_device, args=(x, y, weight, share))
            return tf.stack([self._strategy.reduce("sum", answer, axis=None) for answer in answers])

        self._step = step

    def __call__(
        self, inputs: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> tuple[float, float]:
        """Train on ``(n, H, W, c)`` with ``(n,)`` labels and weights.

        Returns:
            Mean loss in nats and share of right answers, both before the step.
        """
        parts = self._strategy.num_replicas_in_sync
        split = [self._spread([a[k::parts] for k in range(parts)]) for a in (inputs, labels, weights)]
        loss, accuracy = self._step(*split, tf.constant(1 / len(labels), tf.float32)).numpy()
        return float(loss), float(accuracy)

    def _spread(self, parts: list[NDArray[np.float32]]) -> Any:
        if len(parts) == 1:
            return tf.constant(parts[0])
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )


class EventWriter:
    """Figures over time for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        """``folder`` takes the event files."""
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """One value each for ``epoch``."""
        # By hand, since `tf.summary.scalar` wants the package of TensorBoard itself.
        summary = tf.compat.v1.Summary()
        for name, value in figures.items():
            summary.value.add(tag=name, simple_value=value)
        with self._writer.as_default():
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=epoch)
        self._writer.flush()
