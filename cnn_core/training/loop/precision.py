"""Which precision trains faster here: a measurement of some seconds, not a guess."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cnn_core import backend
from cnn_core.files import nested, read_json, write_json
from cnn_core.processor import fast_precision
from cnn_core.progress import SILENT, Progress
from cnn_core.training.run_folder import PRECISION_FILE

MEASURING = "Measuring which precision is faster"
SECONDS = 3.0  # of steps in two precisions by turns, after one step each that compiles
FEWEST_STEPS = 2  # of each, where a step takes longer than that
CLEAR = ((1, 1.4), (3, 1.2))  # steps of each that are enough where all in one took so many times longer
COMPILING_SHARE = 0.5  # of the progress: as long as the steps themselves, for the networks here
SPEEDS_FILE = "precision.json"  # in the cache
MOST_REMEMBERED = 200
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurable:
    """What is measured.

    Attributes:
        network: names it for later runs, with all that changes its speed besides the batch.
        batch_shape: ``(n, H, W, c)``.
        step_in: a fresh training step in a precision.
    """

    network: str
    batch_shape: tuple[int, ...]
    step_in: Callable[[str], backend.TrainingStep]

    def speeds(self, progress: Progress) -> dict[str, float]:
        """Images per second by precision."""
        steps = {name: self.step_in(name) for name in ("float32", "mixed_bfloat16")}
        medians = _median_seconds(steps, self.batch_shape, progress)
        return {name: round(self.batch_shape[0] / seconds, 1) for name, seconds in medians.items()}


def precision_of(
    setting: str,
    devices: backend.Devices,
    measurable: Measurable,
    folder: Path,
    cache_folder: Path,
    progress: Progress = SILENT,
) -> Precision:
    """The precision to train in; measured once, and remembered in the run's folder and for later runs.

    Args:
        folder: of the run.
        cache_folder: shared with other runs, which need not measure the same network anew.
        progress: told before each step of a measurement; where it is cancelled nothing is remembered.
    """
    saved = read_json(folder / PRECISION_FILE)
    if setting == "automatic" and saved.get("device") == devices.name and saved.get("images_per_second"):
        return Precision(**saved)
    chosen, speeds = "float32" if setting == "automatic" else setting, {}
    # Where bfloat16 is emulated a step can take a minute.
    if setting == "automatic" and (devices.name != "CPU" or fast_precision() != "float32"):
        speeds = _remembered_speeds(devices, measurable, cache_folder / SPEEDS_FILE, progress)
        if speeds["mixed_bfloat16"] > WORTH_IT * speeds["float32"]:
            chosen = "mixed_bfloat16"
    found = Precision(chosen=chosen, device=devices.name, images_per_second=speeds)
    write_json(folder / PRECISION_FILE, asdict(found))
    return found


def _remembered_speeds(
    devices: backend.Devices, measurable: Measurable, path: Path, progress: Progress
) -> dict[str, float]:
    """The speeds of an earlier run of the same network, batch, device and framework, else measured now."""
    computer = f"{devices.name}, {os.cpu_count()} processors, {backend.version()}"
    key = f"{measurable.network}, {measurable.batch_shape}, {computer}"
    known = read_json(path)
    if nested(known, key).keys() >= {"float32", "mixed_bfloat16"}:
        return nested(known, key)
    speeds = measurable.speeds(progress)
    newest = dict([*known.items(), (key, speeds)][-MOST_REMEMBERED:])
    with suppress(OSError):  # a cache that cannot be written: the next run measures again
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, newest)
    return speeds


def _median_seconds(
    steps: Mapping[str, Callable[..., object]], batch_shape: tuple[int, ...], progress: Progress
) -> dict[str, float]:
    """Seconds of the median step of each; in turns, so that others on the machine disturb all alike."""
    inputs = np.random.default_rng(0).random(batch_shape, np.float32)
    labels = np.arange(batch_shape[0], dtype=np.float32) % 2
    weights = np.ones_like(labels)
    for number, step in enumerate(steps.values()):
        progress(COMPILING_SHARE * number / len(steps), MEASURING)
        step(inputs, labels, weights)  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    started = time.perf_counter()
    rounds = 0
    while not _clear(seconds) and (
        (passed := time.perf_counter() - started) < SECONDS or rounds < FEWEST_STEPS
    ):
        rounds += 1
        for name, step in steps.items():
            progress(COMPILING_SHARE + (1 - COMPILING_SHARE) * min(1.0, passed / SECONDS), MEASURING)
            before = time.perf_counter()
            step(inputs, labels, weights)
            seconds[name].append(time.perf_counter() - before)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def _clear(seconds: Mapping[str, Sequence[float]]) -> bool:
    """Whether one precision is faster beyond doubt, so that more steps would only take time."""
    one, other = seconds.values()
    return any(
        len(one) >= steps and (ratio * max(one) < min(other) or ratio * max(other) < min(one))
        for steps, ratio in CLEAR
    )
