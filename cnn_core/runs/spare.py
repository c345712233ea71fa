"""A process that has loaded the framework and waits for a run, so that the run need not wait for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from cnn_core import paths
from cnn_core.runs.locks import Lock
from cnn_core.runs.worker import STANDARD_ERROR, prepare_framework
from cnn_core.training.settings.config import TrainingConfig

IDLE_SECONDS = 600.0  # it takes some hundred megabytes
LONGEST_PATH_BYTES = 4096
STANDARD_OUTPUT = 1


class SpareProcess:
    """Where it starts, only the settings by which the framework is loaded are known: those of a preset."""

    def __init__(self) -> None:
        """Start it; it ends by itself after ten minutes, and with this process.

        Raises:
            OSError: the process cannot be started.
        """
        self._socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cnn_core", "train", "--wait-on", str(theirs.fileno())],
                cwd=paths.PROJECT,
                env={**os.environ, "CONVSCOPE_CACHE": str(paths.cache_folder().absolute())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )

    @property
    def waits(self) -> bool:
        """Whether a run can still be handed over."""
        return self.process.poll() is None and self._socket.fileno() >= 0

    def train(self, folder: Path, lock: Lock, log_descriptor: int) -> bool:
        """Hand over a run, whose lock it takes; false where it waits no longer.

        Args:
            log_descriptor: of the open file that takes what the process prints.
        """
        try:
            socket.send_fds(self._socket, [os.fsencode(folder)], [lock.descriptor, log_descriptor])
        except OSError:
            return False
        finally:
            self.end()
        return True

    def end(self) -> None:
        """Nothing more is handed over; a process without a run ends."""
        self._socket.close()


def wait_for_run(descriptor: int, idle_seconds: float = IDLE_SECONDS) -> tuple[Path, Lock] | None:
    """In the spare process: load the framework and wait for a run; its output is the run's from then on.

    Args:
        descriptor: of the socket to the process that started this one.
        idle_seconds: after which nobody is waited for any longer.

    Returns:
        The folder of the run and its lock, or None where there is nothing to do.
    """
    prepare_framework(TrainingConfig())
    import cnn_core.training.loop.run  # noqa: F401 - loads the framework

    with socket.socket(fileno=descriptor) as ours:
        ours.settimeout(idle_seconds)
        received = b"", list[int]()
        try:
            received = _received(ours)
        except TimeoutError:
            ours.shutdown(socket.SHUT_RD)  # a run that is sent from here on starts elsewhere
            with suppress(OSError):
                received = _received(ours)  # one that was sent just before
    folder, descriptors = received
    if len(descriptors) != 2:
        return None
    lock, log = descriptors
    for standard in (STANDARD_OUTPUT, STANDARD_ERROR):
        os.dup2(log, standard)
    os.close(log)
    return Path(os.fsdecode(folder)), Lock(lock)


def _received(ours: socket.socket) -> tuple[bytes, list[int]]:
    content, descriptors, _, _ = socket.recv_fds(ours, LONGEST_PATH_BYTES, 2)
    return content, list(descriptors)
