"""The one place that knows which framework computes: TensorFlow.

Gradients, graph compilation, devices, precision and the lock. Another Keras backend is another
version of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation (Ioffe and Szegedy 2015) through TensorFlow's one fused kernel.

    Same weights as Keras' own layer, which computes mean, variance and scaling as separate passes over
    memory and is several times slower in bfloat16 on a CPU. The one difference: the moving variance
    takes in the unbiased variance of each batch, larger by ``n / (n - 1)`` for ``n`` values a channel.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise ``(n, h, w, k)`` over the batch, or with the moving statistics."""
        if not training:
            return super().call(inputs, training=False, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers made inside compute in that precision, whatever the policy outside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def fast_precision() -> str:
    """``mixed_bfloat16`` where the processor multiplies in bfloat16, else ``float32``."""
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(errors="replace") if cpu.exists() else ""
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def in_precision(model: keras.Model, policy: str) -> keras.Model:
    """The same computation in another precision, with the same variables; ``model`` is not changed.

    Layers whose precision somebody chose, or that are quantised, keep it.

    Args:
        model: flat: without models among its layers.
        policy: ``float32`` or what ``fast_precision`` answers.
    """
    if policy == "float32":
        return model

    def twin(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer) or layer.dtype_policy.name != "float32":
            return layer
        copied = object.__new__(type(layer))
        copied.__dict__.update(layer.__dict__, _inbound_nodes=[], _outbound_nodes=[])
        copied.dtype_policy = policy
        return copied

    return keras.models.clone_model(model, clone_function=twin)


Arrays = list[NDArray[np.float32]]


class Graph:
    """A Keras model compiled once per shape of its input, as a function of NumPy arrays."""

    def __init__(self, inputs: Any, outputs: list[Any]) -> None:
        """Take the part of a symbolic graph between ``inputs`` and ``outputs``."""
        model = keras.Model(inputs, outputs)

        @tf.function(jit_compile=False, reduce_retracing=False)
        def forward(x: tf.Tensor) -> list[tf.Tensor]:
            return [tf.cast(y, tf.float32) for y in keras.tree.flatten(model(x, training=False))]

        self._forward = forward

    def __call__(self, inputs: NDArray[np.float32]) -> Arrays:
        """The outputs for ``(n, H, W, c)``, float32, in the order asked for."""
        return [_array(y) for y in self._forward(tf.constant(inputs))]


class ScoreGradient:
    """Scores of a model, and the gradient of one of them with respect to a layer or the input."""

    def __init__(self, inputs: Any, layer: Any | None, scores: Any) -> None:
        """Differentiate ``scores`` ``(n, classes)`` by ``layer``, or by the input if None."""
        model = keras.Model(inputs, [inputs if layer is None else layer, scores])

        @tf.function(jit_compile=False, reduce_retracing=False)
        def gradient(x: tf.Tensor, class_index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape() as tape:
                tape.watch(x)
                at, answer = model(x, training=False)
                at = x if layer is None else at
                total = tf.reduce_sum(tf.gather(answer, class_index, axis=1))
            slope = tape.gradient(total, at, unconnected_gradients="zero")
            return tf.cast(at, tf.float32), tf.cast(slope, tf.float32), tf.cast(answer, tf.float32)

        self._gradient = gradient

    def __call__(self, inputs: NDArray[np.float32], class_index: int) -> Arrays:
        """``[layer, gradient, scores]``; the first two have the layer's shape."""
        answers = self._gradient(tf.constant(inputs), tf.constant(class_index))
        return [_array(y) for y in answers]


class Ascent:
    """Gradient ascent on a batch, any number of steps in one compiled loop.

    ``objective(climbed, fixed, now)`` gives a score per member of the batch, and
    ``rule(state, gradient, now)`` the next state, whose first array is what is climbed. ``fixed``
    are arrays that stay the same, ``now`` those of one step.
    """

    def __init__(
        self,
        objective: Callable[[Any, Sequence[Any], Sequence[Any]], Any],
        rule: Callable[[Sequence[Any], Any, Sequence[Any]], Sequence[Any]],
    ) -> None:
        """Both functions are written with ``keras.ops`` and compiled once per shape of the batch."""

        @tf.function(jit_compile=False, reduce_retracing=False)
        def climb(state: Any, fixed: Any, schedule: Any) -> Any:
            steps = tf.shape(schedule[0])[0]

            def step(index: Any, state: Any, history: Any) -> Any:
                now = [array[index] for array in schedule]
                with tf.GradientTape() as tape:
                    tape.watch(state[0])
                    scores = objective(state[0], fixed, now)
                    total = tf.reduce_sum(scores)
                gradient = tape.gradient(total, state[0], unconnected_gradients="zero")
                return index + 1, list(rule(state, gradient, now)), history.write(index, scores)

            history = tf.TensorArray(tf.float32, size=steps)
            loop = (tf.constant(0), list(state), history)
            _, state, history = tf.while_loop(lambda index, *_: index < steps, step, loop)
            return state, history.stack()

        self._climb = climb

    def __call__(
        self, state: Sequence[Any], fixed: Sequence[Any], schedule: Sequence[Any]
    ) -> tuple[list[Any], NDArray[np.float32]]:
        """Climb as many steps as the arrays of ``schedule`` are long.

        Returns:
            The state after the last step, and the scores before each step ``(steps, n)``.
        """
        groups = [[tf.convert_to_tensor(x) for x in group] for group in (state, fixed, schedule)]
        climbed, history = self._climb(*groups)
        return list(climbed), history.numpy()


def _array(tensor: tf.Tensor) -> NDArray[np.float32]:
    """A tensor's values as a read-only array, without the copy that ``numpy()`` makes of them."""
    return np.asarray(memoryview(tensor))


def device_name() -> str:
    """What computes here: ``GPU`` with its name, or ``CPU``."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    return f"GPU {tf.config.experimental.get_device_details(gpus[0]).get('device_name', '')}".strip()


def version() -> str:
    """Name and version of the framework, for model cards."""
    return f"tensorflow {tf.__version__}"


class Devices:
    """The devices that a training run computes on: all GPUs, or the CPU."""

    def __init__(self, wish: str = "automatic") -> None:
        """``wish`` is ``automatic``, or ``cpu`` to leave GPUs alone."""
        gpus = tf.config.list_logical_devices("GPU") if wish == "automatic" else []
        cpus = tf.config.list_logical_devices("CPU")
        chosen = [device.name for device in (gpus or cpus)]
        if len(chosen) > 1:
            self.strategy: Any = tf.distribute.MirroredStrategy(chosen)
        else:
            self.strategy = tf.distribute.OneDeviceStrategy(chosen[0])
        self.name = device_name() if gpus else "CPU"
        if len(chosen) > 1:
            self.name = f"{len(chosen)} x {self.name}"

    def scope(self) -> Any:
        """A context: variables made inside lie on these devices."""
        return self.strategy.scope()


class TrainingStep:
    """One step of gradient descent on a batch, shared by all devices of a strategy."""

    def __init__(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, losses: Callable[..., Any], devices: Devices
    ) -> None:
        """Compile the step anew for each shape of the batch.

        Args:
            model: answers logits.
            optimizer: made inside ``devices.scope()``, as was the model.
            losses: ``(labels (n,), logits (n, units)) -> (n,)``, in nats.
            devices: where to compute.
        """
        self._strategy = devices.strategy

        def on_one_device(x: tf.Tensor, y: tf.Tensor, weight: tf.Tensor, share: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                loss = tf.reduce_sum(losses(y, logits) * weight) * share
                total = tf.add_n([loss, *model.losses])
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(total, variables), variables)
            return loss, tf.reduce_sum(_right(y, logits)) * share

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


def _right(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """1 where the answer is the label, else 0, ``(n,)``."""
    if logits.shape[-1] == 1:
        answered = tf.cast(logits[:, 0] > 0, labels.dtype)
    else:
        answered = tf.cast(tf.argmax(logits, axis=-1), labels.dtype)
    return tf.cast(tf.equal(answered, labels), tf.float32)


class EventWriter:
    """Figures over time for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        """``folder`` takes the event files."""
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """One value each for ``epoch``."""
        with self._writer.as_default():
            for name, value in figures.items():
                tf.summary.scalar(name, value, step=epoch)
        self._writer.flush()
