"""Work that takes longer than a moment: done beside the page, which only asks how far it is."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st

from cnn_core.errors import Cancelled, ConvscopeError
from dashboard.guard import UNFORESEEN, log_failure

KEPT = 8  # jobs with their results: a layer's patterns take up to 20 MB
FIRST_ESTIMATE = 0.04  # share done from which the time left is worth telling

Work = Callable[[Callable[[float], None], Callable[[], bool]], object]


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work and how far it is; written by its worker, read by pages.

    Attributes:
        fraction: share done, 0..1.
        started: ``time.monotonic()`` at the first sign of life, or None while it waits for its turn.
        result: what the work gave back, once it is finished well.
        error: a sentence for the person when it failed.
        finished: whether it is over, in whatever way.
        cancelled: whether it was asked to stop.
    """

    fraction: float = 0.0
    started: float | None = None
    result: object = None
    error: str | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; None while it is too early to tell."""
        if self.started is None or self.fraction < FIRST_ESTIMATE:
            return None
        return (time.monotonic() - self.started) / self.fraction * (1 - self.fraction)

    def run(self, work: Work) -> None:
        """Do the work; whatever happens, the job is finished afterwards."""
        try:
            if not self.cancelled.is_set():
                self.started = time.monotonic()
                self.result = work(self._progress, self.cancelled.is_set)
        except Cancelled:
            self.cancelled.set()
        except ConvscopeError as error:
            self.error = str(error)
        except Exception:
            log_failure("A job failed")
            self.error = UNFORESEEN
        finally:
            self.finished.set()

    def _progress(self, fraction: float) -> None:
        self.fraction = fraction


class Jobs:
    """Jobs by key, one at a time: a second page that asks for the same work shares it."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="convscope-job")

    def start(self, key: str, work: Work) -> Job:
        """The running job of that key, or a new one."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.finished.is_set():
                job = self._jobs[key] = Job()
                self._worker.submit(job.run, work)
            self._jobs.move_to_end(key)
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
            return job

    def forget(self, key: str) -> None:
        """Make room for a new job of that key."""
        with self._lock:
            self._jobs.pop(key, None)

    def find(self, key: str) -> Job | None:
        """The job of that key, running or over, or None."""
        with self._lock:
            return self._jobs.get(key)


@st.cache_resource(show_spinner=False, max_entries=1)
def jobs() -> Jobs:
    """The jobs of all sessions."""
    return Jobs()


@st.fragment(run_every=0.4)
def job_progress(job: Job, doing: str, key: str) -> None:
    """How far a job is, the time left, and a way to stop it; the page is drawn anew when it is over."""
    if job.finished.is_set():
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    bar.progress(min(job.fraction, 1.0), text=f"{doing} · {_time_left(job)}")
    stop.button("Cancel", key=f"{key}-cancel", on_click=job.cancelled.set, width="stretch")


def _time_left(job: Job) -> str:
    if job.cancelled.is_set():
        return "stopping …"
    if job.started is None:
        return "waiting for its turn"
    seconds = job.seconds_left()
    if seconds is None:
        return "starting"
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
