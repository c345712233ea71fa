"""What computes here."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from threadpoolctl import threadpool_limits

# NumPy's own threads wait busily for more to do, and take the processor from the framework's meanwhile: with
# them a gradient after a product of matrices takes up to three times as long.
_limits = threadpool_limits(1, user_api="blas")

for _gpu in tf.config.list_physical_devices("GPU"):
    # The dashboard and a training process share a card; by default the first one takes all its memory.
    tf.config.experimental.set_memory_growth(_gpu, True)


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

    def __init__(self, setting: str = "automatic", most: int | None = None) -> None:
        """Choose them.

        Args:
            setting: ``automatic``, or ``cpu`` to leave GPUs alone.
            most: pictures of a batch, since a device cannot do without any; None: as many as there are.
        """
        gpus = tf.config.list_logical_devices("GPU") if setting == "automatic" else []
        cpus = tf.config.list_logical_devices("CPU")
        chosen = [device.name for device in (gpus or cpus)][:most]
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
