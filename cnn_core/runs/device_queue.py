"""One run at a time per device of a machine; the others of a folder wait in the order of asking.

There is no server: every waiting process looks at the folders beside its own, and the first one of them takes
the lock of the device once it is free. The framework is not imported here.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Self

from cnn_core import paths
from cnn_core.errors import Cancelled
from cnn_core.files import read_json
from cnn_core.runs.locks import Lock, is_locked, take_lock
from cnn_core.training.run_status import LOCK_FILE, STATUS_FILE, change_state

POLL_SECONDS = 0.5
DEVICES = ("cpu", "gpu")
CPU_PACKAGE = "tensorflow-cpu"  # cannot use a GPU, whatever there is
BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")  # one for all containers of a machine
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
        behind = max((other.time_ns + 1 for other in waiting(runs_folder, device)), default=0)
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

    def fields(self) -> dict[str, Any]:
        """What the status of a waiting run says."""
        return {"queue": {"ticket": self.time_ns, "device": self.device}}


def join_queue(folder: Path, device: str, *, finish: bool = False) -> Ticket:
    """Put a run behind all that wait for a device; to ``finish`` it is to train no further epoch."""
    ticket = Ticket.last(folder.name, device, folder.parent)
    change_state(folder, "queued", **ticket.fields(), finish=finish)
    return ticket


def device_of(setting: str) -> str:
    """The device that a run is going to take, without asking the framework.

    Args:
        setting: ``automatic`` or ``cpu``, as in ``TrainingConfig.device``.

    Returns:
        ``gpu`` (all of them are one) or ``cpu``.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    if setting == "cpu" or hidden or not any(path.exists() for path in GPU_FILES):
        return "cpu"
    try:
        distribution(CPU_PACKAGE)
    except PackageNotFoundError:
        return "gpu"
    return "cpu"


def waiting(runs_folder: Path, device: str) -> list[Ticket]:
    """Tickets of the runs that wait for a device and whose process is alive, first come first."""
    tickets = []
    for path in runs_folder.glob(f"[!.]*/{STATUS_FILE}"):  # without those just made or being removed
        ticket = Ticket.of(path.parent.name, read_json(path))
        if ticket is not None and ticket.device == device and is_locked(path.with_name(LOCK_FILE)):
            tickets.append(ticket)
    return sorted(tickets)


def device_lock(device: str) -> Path:
    """The file whose lock is held by the one run that uses a device, in whatever folder that run lies.

    It lies in the cache, which all containers of a machine may share, as they share the machine's GPU.
    """
    try:
        machine = BOOT_FILE.read_text(encoding="ascii").strip()
    except OSError:
        machine = platform.node() or "machine"
    return paths.cache_folder() / "devices" / machine / f"{device}.lock"


def wait_for_turn(runs_folder: Path, ticket: Ticket, stopped: Callable[[], bool]) -> Lock:
    """Wait until the device is free and no run of the same folder is before ``ticket``.

    Returns:
        The lock of the device, to be held as long as the run computes.

    Raises:
        Cancelled: ``stopped`` turned true.
        OSError: the cache cannot be written.
    """
    path = device_lock(ticket.device)
    path.parent.mkdir(parents=True, exist_ok=True)
    while not stopped():
        if not any(other < ticket for other in waiting(runs_folder, ticket.device)):
            lock = take_lock(path, wait_seconds=0.0)
            if lock is not None:
                return lock
        time.sleep(POLL_SECONDS)
    raise Cancelled("The run was stopped while it waited for the device.")
