"""The dashboard as a process of its own, with a cache that nobody else fills."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cnn_core.paths import PROJECT

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running dashboard."""

    url: str
    pid: int

    def memory_mb(self) -> float:
        """Resident memory of the server process, in units of 2**20 bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise SystemExit("Expected the resident memory in /proc. Received none: Linux only.")


@contextmanager
def running_server(cache: Path) -> Iterator[Server]:
    """Start the dashboard on a free port, stop it afterwards."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboard"]
    command += ["--server.headless=true", f"--server.port={port}", "--server.address=localhost"]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "CONVSCOPE_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://localhost:{port}"
        _wait_until_healthy(url)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_healthy(url: str) -> None:
    for _ in range(START_SECONDS * 10):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
                if answer.read() == b"ok":
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    raise SystemExit(f"Expected the dashboard to answer within {START_SECONDS} s. It did not.")
