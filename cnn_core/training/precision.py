"""Which precision trains faster here: a measurement of some seconds, not a guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnn_core import backend
from cnn_core.files import write_json
from cnn_core.training.run_folder import PRECISION_FILE, read_json

SECONDS = 1.5  # of steps in each of two precisions, after one step that compiles
WORTH_IT = 1.05  # float32 is kept unless bfloat16 is clearly faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The precision of a run.

    Attributes:
        chosen: ``float32`` or ``mixed_bfloat16``.
        device: what was measured on.
        images_per_second: training speed by precision; empty where none was measured.
    """

    chosen: str
    device: str
    images_per_second: dict[str, float]


def precision_of(
    wish: str,
    devices: backend.Devices,
    step_in: Callable[[str], backend.TrainingStep],
    batch_shape: tuple[int, ...],
    folder: Path,
) -> Precision:
    """The precision to train in; measured once, and remembered in the run's folder.

    Args:
        wish: a precision, or ``automatic``.
        devices: where the run computes.
        step_in: a fresh training step in a precision.
        batch_shape: ``(n, H, W, c)``.
        folder: of the run.
    """
    saved = read_json(folder / PRECISION_FILE)
    if wish != "automatic":
        found = Precision(chosen=wish, device=devices.name, images_per_second={})
    elif saved.get("device") == devices.name and saved.get("images_per_second"):
        return Precision(**saved)
    else:
        found = _measured(devices, step_in, batch_shape)
    write_json(
        folder / PRECISION_FILE,
        {"chosen": found.chosen, "device": found.device, "images_per_second": found.images_per_second},
    )
    return found


def _measured(
    devices: backend.Devices, step_in: Callable[[str], backend.TrainingStep], batch_shape: tuple[int, ...]
) -> Precision:
    candidates = ["float32"]
    if devices.name != "CPU" or backend.fast_precision() != "float32":
        candidates.append("mixed_bfloat16")  # emulated elsewhere: a step can take a minute
    if len(candidates) == 1:
        return Precision(chosen="float32", device=devices.name, images_per_second={})
    speeds = {name: round(_speed(step_in(name), batch_shape), 1) for name in candidates}
    faster = speeds["mixed_bfloat16"] > WORTH_IT * speeds["float32"]
    return Precision(
        chosen="mixed_bfloat16" if faster else "float32", device=devices.name, images_per_second=speeds
    )


def _speed(step: backend.TrainingStep, batch_shape: tuple[int, ...]) -> float:
    """Images per second of the median step, which others on the machine disturb less than the mean."""
    inputs = np.random.default_rng(0).random(batch_shape, np.float32)
    labels = np.arange(batch_shape[0], dtype=np.float32) % 2
    weights = np.ones_like(labels)
    step(inputs, labels, weights)
    seconds: list[float] = []
    while len(seconds) < 2 or sum(seconds) < SECONDS:
        started = time.perf_counter()
        step(inputs, labels, weights)
        seconds.append(time.perf_counter() - started)
    return batch_shape[0] / float(np.median(seconds))
