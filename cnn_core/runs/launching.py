"""Making the folder of a run, and starting the process that trains it."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from cnn_core import paths
from cnn_core.datasets.source import DataSource
from cnn_core.errors import DataError, TrainingError
from cnn_core.files import write_json
from cnn_core.runs.device_queue import Ticket, device_of, join_queue
from cnn_core.runs.failures import LOG_SEPARATOR
from cnn_core.runs.locks import Lock, take_lock
from cnn_core.runs.spare import SpareProcess
from cnn_core.runs.stop_request import remove_stop_request
from cnn_core.settings import settings_to_json
from cnn_core.training.run_folder import CONFIG_FILE
from cnn_core.training.run_status import LOCK_FILE, LOG_FILE, change_state, readable
from cnn_core.training.settings.config import TrainingConfig
from cnn_core.training.settings.presets import preset_named

TRAIN_COMMAND = (sys.executable, "-m", "cnn_core", "train")
NEW = ".new-"  # begins the name of a folder that is being made
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_LOG_BYTES = 2_000_000
KEPT_LOG_BYTES = 500_000

_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


def create_run(
    runs_folder: Path, config: TrainingConfig, source: DataSource, *, title: str, name: str | None = None
) -> tuple[Path, Lock]:
    """Make the folder of a new run; it appears whole, and locked.

    Args:
        source: data; its folders are written down as absolute paths.
        title: a person's name for the run; the preset's where nothing of it can be read.
        name: of the folder; by default the time and the preset.

    Returns:
        The folder and its lock, to be released or handed to the process that trains.

    Raises:
        DataError: a data folder is not there.
        TrainingError: there is such a run already.
        OSError: nothing can be written there.
    """
    data = tuple(Path(folder).expanduser().absolute() for folder in source.folders)
    for data_folder in data:
        if not data_folder.is_dir():
            raise DataError(
                f"Expected a data folder. Received: {data_folder}, which is not there. Name one that holds "
                "a folder per class."
            )
    runs_folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    wanted = f"{stamp}-{UNSAFE.sub('-', config.preset)}" if name is None else name
    new = runs_folder / f"{NEW}{os.getpid()}-{threading.get_ident()}-{time.time_ns()}"
    new.mkdir()
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, new, ignore_errors=True)
        about = {
            "config": settings_to_json(config),
            "source": settings_to_json(dataclasses.replace(source, folders=tuple(map(str, data)))),
            "title": readable(title) or preset_named(config.preset).title,
            "created": now,
        }
        write_json(new / CONFIG_FILE, about)
        lock = take_lock(new / LOCK_FILE)
        if lock is None:
            raise TrainingError(f"Expected a new folder. Received: {new}, which somebody uses. Try again.")
        undo.enter_context(lock)
        device = device_of(config.device)
        folder = _in_place(new, runs_folder, wanted, numbered=name is None, device=device)
        undo.pop_all()  # it stays, and stays locked
    return folder, lock


def _in_place(new: Path, runs_folder: Path, wanted: str, *, numbered: bool, device: str) -> Path:
    """Give the finished folder the first free name."""
    for number in range(1, 1000 if numbered else 2):
        folder = runs_folder / (wanted if number == 1 else f"{wanted}-{number}")
        change_state(new, "queued", **Ticket.last(folder.name, device, runs_folder).fields())
        try:
            new.rename(folder)
        except OSError:  # not empty: it is taken
            if not folder.exists():
                raise
        else:
            return folder
    raise TrainingError(
        f"Expected a new folder for the run. Received: {runs_folder / wanted}, which is taken. "
        "Choose another name, or remove it."
    )


def queue_again(folder: Path, device_setting: str, *, finish: bool = False) -> None:
    """Put a stopped run, whose lock the caller holds, at the end of the queue; see ``join_queue``."""
    remove_stop_request(folder)
    join_queue(folder, device_of(device_setting), finish=finish)


def start_process(
    folder: Path, lock: Lock, command: Sequence[str] = TRAIN_COMMAND, spare: SpareProcess | None = None
) -> None:
    """Train the run in ``folder`` in a process of its own, which outlives this one.

    Args:
        lock: of the folder; handed over, so that the run is not without a holder for a moment.
        command: to which the folder and the lock are added.
        spare: takes the run instead of a new process, if it still waits.

    Raises:
        OSError: the process cannot be started.
    """
    reap()
    shorten_log(folder)
    environment = {**os.environ, "CONVSCOPE_CACHE": str(paths.cache_folder().absolute())}
    with lock, (folder / LOG_FILE).open("ab") as log:
        log.write(f"{LOG_SEPARATOR}{time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
        log.flush()
        if spare is not None and spare.train(folder, lock, log.fileno()):
            _keep(spare.process)
            return
        process = subprocess.Popen(
            [*command, "--run", str(folder), "--lock", str(lock.descriptor)],
            cwd=paths.PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.descriptor,),
        )
    _keep(process)


def _keep(process: subprocess.Popen[bytes]) -> None:
    with _children_lock:
        _children.append(process)


def reap() -> tuple[subprocess.Popen[bytes], ...]:
    """Let ended children of this process go, so that none stays as a zombie; those still alive."""
    with _children_lock:
        _children[:] = [child for child in _children if child.poll() is None]
        return tuple(_children)


def shorten_log(folder: Path) -> None:
    """Keep the end of a log that has grown too long; others may be appending to it."""
    path = folder / LOG_FILE
    try:
        if path.stat().st_size <= LONGEST_LOG_BYTES:
            return
        with path.open("r+b") as log:
            log.seek(-KEPT_LOG_BYTES, os.SEEK_END)
            kept = log.read()
            log.seek(0)
            log.write(kept)
            log.truncate()
    except OSError:
        return  # a long log is no reason to stop
