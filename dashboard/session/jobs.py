"""Work that takes longer than a moment: done beside the page, which only asks how far it is."""

from __future__ import annotations

import functools
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnn_core.cache.archive import result_bytes
from cnn_core.errors import Cancelled, ConvscopeError
from cnn_core.progress import Progress
from dashboard.session.turns import Share, Turns
from dashboard.session.unforeseen import UNFORESEEN, log_failure

KEPT = 8  # jobs that are over; those that wait or run are never dropped
KEPT_BYTES = 128 * 2**20  # of their results; a layer's patterns take up to 20 MB
FIRST_ESTIMATE = 0.04  # share done from which the time left is worth telling
LOOK_SECONDS = 0.5  # between two looks whether somebody still waits
NETWORK_JOBS_AT_ONCE = 2
MOST_THREADS = 32  # of jobs that take turns; more wait for one of these to be over

Work = Callable[[Progress], object]


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work and how far it is; written by its worker, read by pages.

    Attributes:
        fraction: share done, 0..1.
        preview: what has been found so far, of the type of the result; None before that and afterwards.
        started: ``time.monotonic()`` at the first sign of life, or None while it waits for its turn.
        result: what the work gave back, once it is finished well.
        error: a sentence for the person when it failed.
        finished: whether it is over, in whatever way.
        cancelled: whether it was asked to stop, because nobody waits for it any longer.
        waiting: the sessions that wait for it; changed by ``Jobs`` alone.
        looked: ``time.monotonic()`` when ``Jobs`` looked last whether these are still here.
        share: what it has had of the computer.
    """

    fraction: float = 0.0
    preview: object = None
    started: float | None = None
    result: object = None
    error: str | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    waiting: set[str] = field(default_factory=set)
    looked: float = 0.0
    share: Share = field(default_factory=Share)

    @property
    def result_bytes(self) -> int:
        """Size of the arrays in the result, nested ones too."""
        return result_bytes(self.result)

    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; None while it is too early to tell."""
        if self.started is None or self.fraction < FIRST_ESTIMATE:
            return None
        return (time.monotonic() - self.started) / self.fraction * (1 - self.fraction)

    def run(self, work: Work, is_cancelled: Callable[[], bool], turns: Turns) -> None:
        """Do the work when it is its turn; whatever happens, the job is finished afterwards."""

        def tell(fraction: float, preview: object) -> None:
            self.fraction = fraction
            if preview is not None:
                self.preview = preview
            turns.give_way(self.share, is_cancelled)

        turns.take(self.share, is_cancelled)
        try:
            if not is_cancelled():
                self.started = time.monotonic()
                self.result = work(Progress(tell=tell, cancelled=is_cancelled))
        except Cancelled:
            self.cancelled.set()
        except ConvscopeError as error:
            self.error = str(error)
        except Exception:
            log_failure("A job failed")
            self.error = UNFORESEEN
        finally:
            turns.give(self.share)
            self.preview = None
            self.finished.set()


class Jobs:
    """Jobs by key, one at a time unless told otherwise; a second session that asks for one shares it.

    A long job gives way, whenever it tells its progress, to those that have had less of the computer.
    """

    def __init__(
        self,
        *,
        kept: int = KEPT,
        kept_bytes: int = KEPT_BYTES,
        at_once: int = 1,
        is_here: Callable[[str], bool] = lambda session: True,
    ) -> None:
        """Work on ``at_once`` jobs; keep ``kept`` of those that are over, with ``kept_bytes`` of results.

        The latest one is always kept. A session that is not here any more, as when its browser was closed,
        waits for nothing.
        """
        self._kept, self._kept_bytes, self._is_here = kept, kept_bytes, is_here
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = Turns(at_once)
        self._worker = ThreadPoolExecutor(max_workers=MOST_THREADS, thread_name_prefix="convscope-job")

    @property
    def unfinished(self) -> int:
        """How many jobs share the computer, those that wait for their turn included."""
        with self._lock:
            return sum(not job.finished.is_set() for job in self._jobs.values())

    def start(self, key: str, work: Work, session: str) -> Job:
        """The job of that key that waits or runs, or a new one; ``session`` waits for it from here on."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.finished.is_set() or job.cancelled.is_set():
                job = self._jobs[key] = Job()
                self._worker.submit(self._run, key, job, work)
            job.waiting.add(session)
            self._jobs.move_to_end(key)
            self._make_room()
            return job

    def leave(self, key: str, session: str) -> None:
        """``session`` waits no longer; a job that nobody waits for is stopped and forgotten."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or session not in job.waiting:
                return
            job.waiting.discard(session)
            if not job.waiting and not job.finished.is_set():
                job.cancelled.set()
                del self._jobs[key]

    def forget(self, key: str) -> None:
        """Make room for a new job of that key; one that still waits or runs stays."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.finished.is_set():
                del self._jobs[key]

    def find(self, key: str) -> Job | None:
        """The job of that key, running or over, or None."""
        with self._lock:
            return self._jobs.get(key)

    def _run(self, key: str, job: Job, work: Work) -> None:
        job.run(work, functools.partial(self._is_cancelled, key, job), self._turns)
        with self._lock:
            self._make_room()

    def _is_cancelled(self, key: str, job: Job) -> bool:
        """Whether a job is to stop; now and then looks whether those who wait for it are still here."""
        now = time.monotonic()
        if not job.cancelled.is_set() and now - job.looked >= LOOK_SECONDS:
            job.looked = now
            for session in [session for session in list(job.waiting) if not self._is_here(session)]:
                self.leave(key, session)
        return job.cancelled.is_set()

    def _make_room(self) -> None:
        """Drop the oldest jobs that are over while there are too many of them, or too large ones."""
        over = [(key, job) for key, job in self._jobs.items() if job.finished.is_set()]
        held = sum(job.result_bytes for _, job in over)
        while len(over) > 1 and (len(over) > self._kept or held > self._kept_bytes):
            key, job = over.pop(0)
            held -= job.result_bytes
            del self._jobs[key]


@dataclass(slots=True, eq=False, kw_only=True)
class Waiting:
    """What a session waits for in one part of a page, and what the person made of it.

    Attributes:
        jobs, key: the job.
        stays: whether it goes on while nobody looks.
        begun: whether it was started in this session.
        stopped: whether the person cancelled it.
    """

    jobs: Jobs
    key: str
    stays: bool
    begun: bool = False
    stopped: bool = False


@st.cache_resource(show_spinner=False, max_entries=1)
def jobs() -> Jobs:
    """The jobs of all sessions that ask networks."""
    return Jobs(at_once=NETWORK_JOBS_AT_ONCE, is_here=is_connected)


def session_name() -> str:
    """A new name among all sessions, by which ``is_connected`` knows the one that is drawn now."""
    run = get_script_run_ctx()
    return f"{'' if run is None else run.session_id}/{uuid.uuid4().hex}"


def is_connected(session: str) -> bool:
    """Whether a browser shows the session of that name."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session.partition("/")[0])
