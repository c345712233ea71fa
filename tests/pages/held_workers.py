"""Workers of the app kept busy, so that what a page asks for has to wait for its turn."""

from __future__ import annotations

import threading

from dashboard.session.jobs import NETWORK_JOBS_AT_ONCE, jobs

PATIENCE_SECONDS = 60


def hold_the_workers() -> threading.Event:
    """Keep every worker of the app busy until the event is set."""
    go_on = threading.Event()
    for number in range(NETWORK_JOBS_AT_ONCE):
        jobs().start(f"hold-{number}", lambda progress: go_on.wait(PATIENCE_SECONDS), "another session")
    return go_on
