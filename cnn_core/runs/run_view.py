"""A run as others see it: what its folder says, and whether there is a process behind it.

The framework is not needed for this. Files are read anew only when they have changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from cnn_core.datasets.source import DataSource
from cnn_core.errors import DataError
from cnn_core.files import read_json
from cnn_core.models.card import CARD_FILE, MODEL_FOLDER
from cnn_core.runs.device_queue import Ticket, device_lock, waiting
from cnn_core.runs.failures import Failure, failure_of_vanished
from cnn_core.runs.locks import is_locked
from cnn_core.runs.stop_request import StopRequest, StopState
from cnn_core.settings import settings_from_json
from cnn_core.training.run_folder import (
    CONFIG_FILE,
    HISTORY_FILE,
    PAUSED_FILE,
    STEPS_FILE,
    Row,
    kept_steps,
    read_rows,
)
from cnn_core.training.run_status import ALIVE, ENDED, LOCK_FILE, LOG_FILE, STATUS_FILE, readable, status_in
from cnn_core.training.settings.config import TrainingConfig

T = TypeVar("T")

REMEMBERED_FILES = 2000
LATEST = 253_402_300_799.0  # the end of the year 9999
RESUMABLE = frozenset({"paused", "cancelled", "failed", "interrupted"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunView:
    """One run at one moment.

    Attributes:
        key: name of its folder, and of its model once there is one.
        title: a person's name for it.
        state: ``queued``, ``preparing``, ``running``, ``finishing``; ``paused``, ``cancelled``, ``failed``,
            ``finished``; or ``interrupted``: it should be running, but its process is gone.
        status: what its process said last.
        history: a row per finished epoch.
        steps: a row per group of batches, of all epochs so far.
        reason: why it failed or was interrupted, else None.
        advice: what to do about that, else None.
        created: when it was launched, in seconds since 1970.
        model_key: of its model in the model picker, None before there is one.
        queue_place: 1 for the run of its folder that is next on its device; None for one that does not wait.
        stopping: ``paused`` or ``cancelled`` once an alive run has been asked to stop, else None.
        kept_steps: of the epoch after the finished ones, with which a stopped run goes on.
    """

    key: str
    title: str
    state: str
    config: TrainingConfig
    source: DataSource
    status: Mapping[str, Any]
    history: tuple[Row, ...]
    steps: tuple[Row, ...]
    reason: str | None
    advice: str | None
    created: float
    folder: Path
    model_key: str | None
    queue_place: int | None
    stopping: StopState | None = None
    kept_steps: int = 0

    @property
    def is_alive(self) -> bool:
        """Whether a process works on it, or waits to."""
        return self.state in ALIVE

    @property
    def can_resume(self) -> bool:
        """Whether it has stopped before its end."""
        return self.state in RESUMABLE

    @property
    def can_finish(self) -> bool:
        """Whether it has stopped with a finished epoch, which can become its model."""
        return self.can_resume and bool(self.history)

    @property
    def ticket(self) -> Ticket | None:
        """Its place in the queue, None if it does not wait."""
        return Ticket.of(self.key, self.status) if self.state == "queued" else None


def with_queue_places(runs_folder: Path, views: Iterable[RunView]) -> list[RunView]:
    """The same runs, those that wait with their place in the queue of their device.

    One that is next on a device that is free does not wait, its process only starts: it is ``preparing``.
    """
    return [view if view.ticket is None else _placed(runs_folder, view, view.ticket) for view in views]


def _placed(runs_folder: Path, view: RunView, ticket: Ticket) -> RunView:
    place = 1 + sum(other < ticket for other in waiting(runs_folder, ticket.device))
    if place == 1 and not is_locked(device_lock(ticket.device)):
        return replace(view, state="preparing")
    return replace(view, queue_place=place)


class RunReader:
    """Reads run folders; remembers what files said as long as their stamp stays the same."""

    def __init__(self) -> None:
        self._cached: OrderedDict[Path, tuple[object, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, folder: Path, *, mine: bool = False) -> RunView | None:
        """The run in ``folder``, without its place in the queue; None if there is none that can be read.

        One that is ``mine`` the caller has locked, so that there is no process behind it.
        """
        about = self._read(folder / CONFIG_FILE, _about)
        if about is None:
            return None
        status = self._read(folder / STATUS_FILE, status_in) or {}
        alive = not mine and (status.get("state") in ENDED or is_locked(folder / LOCK_FILE))
        if not alive:
            # The process may have ended between the two looks; its last word is there before its lock goes.
            status = self._read(folder / STATUS_FILE, status_in) or {}
        state = _state(status, alive)
        failure = self._failure(folder, state, status)
        model = folder / MODEL_FOLDER / CARD_FILE
        stop_request = StopRequest(folder)
        return RunView(
            key=folder.name,
            state=state,
            status=status,
            history=self._read(folder / HISTORY_FILE, read_rows) or (),
            steps=self._read(folder / STEPS_FILE, read_rows) or (),
            reason=failure.reason if failure is not None else None,
            advice=failure.advice if failure is not None else None,
            folder=folder,
            model_key=folder.name if model.exists() else None,
            queue_place=None,
            kept_steps=(self._read(folder / PAUSED_FILE, kept_steps) or 0) if state in RESUMABLE else 0,
            stopping=stop_request.state if state in ALIVE and stop_request() else None,
            **about,
        )

    def _failure(self, folder: Path, state: str, status: Mapping[str, Any]) -> Failure | None:
        if state == "failed":
            return Failure(str(status.get("reason", "")), str(status.get("advice", "")))
        if state == "interrupted":
            log = folder / LOG_FILE
            return self._read(log, failure_of_vanished) or failure_of_vanished(log)
        return None

    def _read(self, path: Path, parse: Callable[[Path], T]) -> T | None:
        """What ``parse`` makes of a file, or None if it is missing."""
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            known = self._cached.get(path)
            if known is not None and known[0] == stamp:
                self._cached.move_to_end(path)
                return known[1]  # type: ignore[no-any-return]
        value = parse(path)
        with self._lock:
            self._cached[path] = (stamp, value)
            while len(self._cached) > REMEMBERED_FILES:
                self._cached.popitem(last=False)
        return value


def _about(path: Path) -> dict[str, Any] | None:
    """The fields of a view that the settings of a run tell; None where they are damaged."""
    about = read_json(path)
    try:
        return {
            "config": settings_from_json(TrainingConfig, about.get("config", {}), DataError),
            "source": settings_from_json(DataSource, about.get("source", {}), DataError),
            "title": readable(about.get("title")) or path.parent.name,
            "created": _moment(about.get("created")),
        }
    except Exception:  # damaged settings raise anything at all: numbers beyond a float, other kinds
        return None


def _moment(value: object) -> float:
    """Seconds since 1970 that a calendar knows; 0 for anything else."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= LATEST else 0.0


def _state(status: Mapping[str, Any], alive: bool) -> str:
    state = status.get("state")
    if state in ENDED:
        return str(state)
    if not alive:
        return "interrupted"
    return str(state) if state in ALIVE else "preparing"
