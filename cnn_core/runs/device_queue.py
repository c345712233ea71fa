"""One run at a time per device; the others wait in the order in which they were asked for.

There is no server: every waiting process looks at the folders beside its own, and into the other folders
of runs on this machine; the first one of them takes the lock of the device once it is free. The framework
is not imported here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Self

from cnn_core.errors import Cancelled
from cnn_core.files import read_json
from cnn_core.runs.device_places import device_lock, holder_of, tell_holder, tell_waiting, waiting_folders
from cnn_core.runs.locks import Lock, is_locked, take_lock
from cnn_core.runs.run_status import LOCK_FILE
from cnn_core.runs.titles import readable
from cnn_core.training.run_folder import CONFIG_FILE, STATUS_FILE

POLL_SECONDS = 0.5
DEVICES = ("cpu", "gpu")
CPU_PACKAGE = "tensorflow-cpu"  # cannot use a GPU, whatever there is
GPU_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # a driver of NVIDIA; the same below Windows


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Ticket:
    """A place in the queue of a device; smaller ones come first.

    Attributes:
        time_ns: when the run was launched or resumed.
        key: name of its folder.
        device: ``gpu`` or ``cpu``.
    """

    time_ns: int
    key: str
    device: str

    @classmethod
    def last(cls, key: str, device: str, runs_folder: Path) -> Self:
        """A place behind everybody who waits by now, also where the clock has been set back meanwhile."""
        behind = max((other.time_ns + 1 for other in rivals(runs_folder, device)), default=0)
        return cls(time_ns=max(time.time_ns(), behind), key=key, device=device)

    @classmethod
    def of(cls, key: str, status: Mapping[str, Any]) -> Self | None:
        """The ticket that a status holds, or None if that run does not wait."""
        queue = status.get("queue")
        if status.get("state") != "queued" or not isinstance(queue, Mapping):
            return None
        time_ns, device = queue.get("ticket"), queue.get("device")
        if not isinstance(time_ns, int) or device not in DEVICES:
            return None
        return cls(time_ns=time_ns, key=key, device=device)

    def facts(self) -> dict[str, Any]:
        """What the status of a waiting run says."""
        return {"queue": {"ticket": self.time_ns, "device": self.device}}


def device_of(wish: str) -> str:
    """The device that a run is going to take, without asking the framework.

    Args:
        wish: ``automatic`` or ``cpu``, as in ``TrainingConfig.device``.

    Returns:
        ``gpu`` (all of them are one) or ``cpu``.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    if wish == "cpu" or hidden or not any(path.exists() for path in GPU_FILES):
        return "cpu"
    try:
        distribution(CPU_PACKAGE)
    except PackageNotFoundError:
        return "gpu"
    return "cpu"


def waiting(runs_folder: Path) -> list[Ticket]:
    """Tickets of all runs that wait and whose process is alive, first come first."""
    tickets = []
    for path in runs_folder.glob(f"[!.]*/{STATUS_FILE}"):  # without those just made or being removed
        ticket = Ticket.of(path.parent.name, read_json(path))
        if ticket is not None and is_locked(path.with_name(LOCK_FILE)):
            tickets.append(ticket)
    return sorted(tickets)


def rivals(runs_folder: Path, device: str) -> Iterator[Ticket]:
    """Tickets of all runs that wait for a device, in ``runs_folder`` or elsewhere on this machine."""
    tickets = (ticket for folder in waiting_folders(runs_folder) for ticket in waiting(folder))
    return (ticket for ticket in tickets if ticket.device == device)


def busy_elsewhere(runs_folder: Path, device: str) -> str | None:
    """The title of the run of another folder that uses a device; None where it is one of ours, or free."""
    holder = holder_of(runs_folder, device)
    if holder is None or holder.parent.resolve() == runs_folder.resolve():
        return None
    return readable(read_json(holder / CONFIG_FILE).get("title")) or readable(holder.name)


def wait_for_turn(runs_folder: Path, ticket: Ticket, stopped: Callable[[], bool]) -> Lock:
    """Wait until the device is free and nobody is before ``ticket``.

    Returns:
        The lock of the device, to be held as long as the run computes.

    Raises:
        Cancelled: ``stopped`` turned true.
    """
    path = device_lock(runs_folder, ticket.device)
    while not stopped():
        tell_waiting(runs_folder)
        if not any(other < ticket for other in rivals(runs_folder, ticket.device)):
            lock = take_lock(path, wait_seconds=0.0)
            if lock is not None:
                tell_holder(lock, runs_folder / ticket.key)
                return lock
        time.sleep(POLL_SECONDS)
    raise Cancelled("The run was stopped while it waited for the device.")
