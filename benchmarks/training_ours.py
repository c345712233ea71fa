"""Convscope's training: images per second, share of waiting for data, memory."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmarks.training_subject import PRESET, StepTimer, TrainingOptions, emit_training, training_options
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits
from cnn_core.errors import Cancelled
from cnn_core.runs.worker import prepare_framework
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.input.pipeline import kept_size_px
from cnn_core.training.input.pixel_cache import pixel_cache
from cnn_core.training.loop.run import TrainingRun
from cnn_core.training.run_status import read_status
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import preset_named

JUDGED = 16  # validation pictures, few: judging is not what is measured
NAMES = {"float32": "ours, float32", "mixed_bfloat16": "ours, bfloat16"}


def main() -> None:
    """Measure."""
    chosen = training_options()
    config = config_of(chosen)
    with tempfile.TemporaryDirectory() as folder:
        run = prepared_run(config, few_judged(read_splits(DataSource(folders=(str(chosen.data),)))), folder)
        timer = timer_of(run, chosen.seconds)
        waited = run_until(run, timer, lambda: None)
    emit_training(NAMES[chosen.precision], timer, waited)


def config_of(chosen: TrainingOptions) -> TrainingConfig:
    """The preset, endless."""
    return dataclasses.replace(
        preset_named(PRESET).config,
        batch_size=chosen.batch,
        precision=chosen.precision,
        epochs=500,
        checkpoint_count=0,
        device="cpu",
    )


def few_judged(splits: Splits) -> Splits:
    """The same pictures to train on, and hardly any to validate on."""
    validation = splits.validation
    spread = range(0, len(validation.paths), max(1, len(validation.paths) // JUDGED))
    return dataclasses.replace(splits, validation=validation.chosen(list(spread)))


def prepared_run(config: TrainingConfig, splits: Splits, folder: str) -> TrainingRun:
    """A run whose pictures are decoded, as they are after its first epoch."""
    cache = Path(folder) / "pixels"
    pixel_cache(splits.training, kept_size_px(config.input_size_px, config.augmentation), cache)
    pixel_cache(splits.validation, config.input_size_px, cache)
    return TrainingRun(config, splits, Path(folder) / "run", DecodedPictures(cache))


def timer_of(run: TrainingRun, seconds: float) -> StepTimer:
    """A clock for its steps."""
    batch = run.config.batch_size
    return StepTimer(batch=batch, steps_per_epoch=len(run.splits.training.paths) // batch, seconds=seconds)


def run_until(run: TrainingRun, timer: StepTimer, look: Callable[[], None]) -> float:
    """Train until the clock has seen enough.

    Args:
        run: to train.
        timer: asked after each step.
        look: called after each step.

    Returns:
        The share of the training time that steps waited for data, as the run itself tells it.
    """

    def stopped() -> bool:
        timer.step_ended()
        look()
        return timer.done

    with suppress(Cancelled):
        run.run(stopped)
    shares = [row["waiting_fraction"] for row in run.history]
    return sum(shares) / len(shares) if shares else float(read_status(run.folder.path)["waiting_fraction"])


if __name__ == "__main__":
    prepare_framework(TrainingConfig(device="cpu"))  # as a run's process does
    main()
