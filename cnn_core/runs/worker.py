"""The process of one run, from its turn in the queue to its model.

Whatever happens is written into the folder of the run: this is where the rest of the world looks.
Started again on the same folder, it goes on after the last finished epoch.
"""

from __future__ import annotations

import faulthandler
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cnn_core import paths
from cnn_core.datasets.scan.scan import scan, without_problems
from cnn_core.datasets.source import DataSource
from cnn_core.datasets.splits import Splits, read_splits
from cnn_core.errors import Cancelled, DataError, TrainingError
from cnn_core.files import read_json, remove_half_written, write_json
from cnn_core.models.card import CHECKPOINTS_FOLDER
from cnn_core.progress import Progress
from cnn_core.runs.device_queue import Ticket, device_of, join_queue, wait_for_turn
from cnn_core.runs.failures import failure_of
from cnn_core.runs.locks import Lock
from cnn_core.runs.stop_request import StopRequest, StopState
from cnn_core.settings import settings_from_json
from cnn_core.training.input.pictures import DecodedPictures
from cnn_core.training.input.pipeline import epoch_order, kept_size_px
from cnn_core.training.run_folder import CONFIG_FILE, HISTORY_FILE, SCAN_FILE, read_rows
from cnn_core.training.run_status import LOG_FILE, change_state, read_status
from cnn_core.training.settings.config import TrainingConfig

NICENESS = 5  # lower priority than the dashboard's 0, so that the page stays quick
PROGRESS_SECONDS = 1.0
OLD_SECONDS = 6 * 3600.0  # nobody decodes pictures for so long
STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one process has to do in the folder of a run.

    Attributes:
        stopped: whether to stop; asked after every step.
        finish_only: write the model of the epochs there are, without training another one.
    """

    folder: Path
    config: TrainingConfig
    source: DataSource
    stopped: Callable[[], bool]
    finish_only: bool = False


Trainer = Callable[[Job], None]


def train(
    folder: Path, lock: Lock, *, watch: Callable[[], None] | None = None, trainer: Trainer | None = None
) -> Literal["finished"] | StopState:
    """Wait for the device, train the epochs that are left, and write the model.

    Args:
        watch: called after every step and while waiting, e.g. to show the progress.
        trainer: does the work; the real one by default.

    Returns:
        The state that the run ends in.

    Raises:
        TrainingError: the run failed; its status says why, and so does the message.
    """
    stop_request = StopRequest(folder)

    def stopped() -> bool:
        if watch is not None:
            watch()
        return stop_request()

    with lock, stop_request.signals():
        try:
            _tidy(folder)
            try:
                _work(folder, stopped, train_for_real if trainer is None else trainer)
            except Cancelled:
                change_state(folder, stop_request.state)
                return stop_request.state
            change_state(folder, "finished")
            return "finished"
        except Exception as error:
            raise _failed(folder, error) from error


def _work(folder: Path, stopped: Callable[[], bool], trainer: Trainer) -> None:
    about, status = read_json(folder / CONFIG_FILE), read_status(folder)
    job = Job(
        folder=folder,
        config=settings_from_json(TrainingConfig, about.get("config", {}), DataError),
        source=settings_from_json(DataSource, about.get("source", {}), DataError),
        stopped=stopped,
        finish_only=status.get("finish") is True,
    )
    ticket = Ticket.of(folder.name, status)
    with _turn(job, join_queue(folder, device_of(job.config.device)) if ticket is None else ticket):
        trainer(job)


@contextmanager
def _turn(job: Job, ticket: Ticket) -> Iterator[None]:
    """Inside, the run has the device of its ticket for itself."""
    with wait_for_turn(job.folder.parent, ticket, job.stopped):
        change_state(job.folder, "preparing")
        yield


def _failed(folder: Path, error: Exception) -> TrainingError:
    failure = failure_of(error, folder=folder, settings=read_json(folder / CONFIG_FILE))
    _tidy(folder)  # half a model may be what filled the disk
    try:
        change_state(folder, "failed", reason=failure.reason, advice=failure.advice)
        with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
            log.writelines(traceback.format_exception(error))
    except OSError:
        traceback.print_exception(error)  # to standard error, all that is left without the folder
    return TrainingError(f"{failure.reason} {failure.advice}")


def _tidy(folder: Path) -> None:
    """Remove what an earlier process of the run was writing when it was killed."""
    for path in (folder, folder / CHECKPOINTS_FOLDER):
        remove_half_written(path)


def train_for_real(job: Job) -> None:
    """Look through the pictures, train, and write the model."""
    cache_folder = paths.cache_folder()
    remove_half_written(cache_folder / "pixels", older_than_seconds=OLD_SECONDS)
    splits = read_splits(job.source)
    preparing = Progress(tell=_StatusWriter(job.folder, "preparing"), cancelled=job.stopped)
    preparing(0.0, "Looking through the pictures")
    report = scan(
        splits,
        cache_folder / "scans",
        progress=preparing,
        keep_non_rgb=job.source.keep_non_rgb,
        keep_near_duplicates=job.source.keep_near_duplicates,
    )
    kept = without_problems(splits, report)
    counts = {name: files.counts() for name, files in kept.items()}
    about = {"counts": counts, "drawn": list(splits.drawn), **report.to_json()}
    write_json(job.folder / SCAN_FILE, about)
    with closing(DecodedPictures(cache_folder / "pixels")) as pictures:
        if not job.finish_only:  # what the first step waits for is known before the framework is there
            epoch = len(read_rows(job.folder / HISTORY_FILE))
            size_px = kept_size_px(job.config.size_at(epoch), job.config.augmentation)
            order = epoch_order((job.config.seed, epoch), len(kept.training.paths))
            pictures.begin([(kept.training, size_px)], order)
        _train_on(job, kept, pictures, preparing)


def _train_on(job: Job, splits: Splits, pictures: DecodedPictures, preparing: Progress) -> None:
    """Train and write the model, while ``pictures`` are decoded."""
    prepare_framework(job.config)
    change_state(job.folder, "preparing", doing="Starting the framework")

    from cnn_core import backend  # from here on there is a framework in this process
    from cnn_core.training.loop.finish import finish
    from cnn_core.training.loop.run import TrainingRun

    with turn_on_found_device(job, backend.device_name()):
        run = TrainingRun(job.config, splits, job.folder, pictures, preparing)
        if not job.finish_only and not run.is_over():
            run.run(job.stopped)
        change_state(job.folder, "finishing")
        finish(run, Progress(tell=_StatusWriter(job.folder, "finishing"), cancelled=job.stopped))


@contextmanager
def turn_on_found_device(job: Job, found: str) -> Iterator[None]:
    """Where a GPU was expected and the framework cannot use it, the CPU is waited for too."""
    if found != "CPU" or device_of(job.config.device) == "cpu":
        yield
        return
    with _turn(job, join_queue(job.folder, "cpu")):
        yield


class _StatusWriter:
    """Writes now and then how far a run is besides its steps."""

    def __init__(self, folder: Path, state: str) -> None:
        self._folder = folder
        self._state = state
        self._doing: object = ""
        self._said = 0.0

    def __call__(self, fraction: float, doing: object) -> None:
        """Take note of the share that is done, 0..1, and of what is being done where that is told."""
        now, doing = time.monotonic(), doing or self._doing
        if doing != self._doing or now - self._said > PROGRESS_SECONDS:
            self._doing, self._said = doing, now
            change_state(self._folder, self._state, doing=doing, fraction=round(fraction, 3))


def prepare_framework(config: TrainingConfig) -> None:
    """Set what the framework reads from the environment when it is imported."""
    if config.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # also where somebody has named a GPU for the other runs
    if device_of(config.device) == "cpu":
        # A step is a chain: two operations at once only take each other's cores.
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave the dashboard its share
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def lower_priority() -> None:
    """Let everything else on this machine go first, a little; and let crashes say where they were."""
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    if not faulthandler.is_enabled():
        faulthandler.enable(STANDARD_ERROR)
