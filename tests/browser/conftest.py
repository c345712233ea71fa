"""The dashboard on a free port of this machine, and a real browser in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

START_SECONDS = 60
WAIT_MS = 90_000  # a busy machine takes its time to start a page
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-extensions",
]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; fail when it died or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"The server ended with status {server.returncode}.")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The server did not answer in time.")


@contextmanager
def running_dashboard(project_root: Path, folder: Path) -> Iterator[str]:
    """Start the dashboard with the tiny network and nothing remembered, in an empty folder."""
    port = free_port()
    environment = {
        **os.environ,
        "CONVSCOPE_MODELS": str(write_tiny_model(folder)),
        "CONVSCOPE_CACHE": str(folder / "cache"),
        "CONVSCOPE_UPLOADS": str(folder / "uploads"),
        "CONVSCOPE_DATA": "",
    }
    options = [f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1"]
    command = [sys.executable, "-m", "dashboard", *options]
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(command, cwd=project_root, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="session")
def server(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running dashboard."""
    with running_dashboard(project_root, tmp_path_factory.mktemp("dashboard")) as address:
        yield address


@pytest.fixture
def cold_server(project_root: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a dashboard that has just started."""
    with running_dashboard(project_root, tmp_path) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    """A running Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def context(browser, server) -> Iterator[object]:
    """One browser profile for all tests, so that the scripts of the page are loaded once."""
    opened = browser.new_context(
        base_url=server, viewport={"width": 1280, "height": 1000}, accept_downloads=True
    )
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context) -> Iterator[object]:
    """A fresh tab, which is a session of its own and has no photos of another one."""
    context.clear_cookies()
    tab = context.new_page()
    yield tab
    tab.close()
