"""What a job gives back, or else its progress: for any work that a part of a page waits for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from dashboard.session.jobs import Job, Jobs, Work
from dashboard.session.jobs import jobs as shared_jobs
from dashboard.session.resources import session_name
from dashboard.widgets.markdown import literal

T = TypeVar("T")

STOPPED = "Stopped. What was found before is kept."


def _nothing() -> None:
    """Where nothing is kept."""


def result_or_progress(
    slot: str,
    key: str,
    doing: str,
    work: Work,
    result_type: type[T],
    *,
    known: Callable[[], T | None] = _nothing,
    jobs: Jobs | None = None,
) -> T | None:
    """The result of the work of that key; work that is new is started, and its progress drawn.

    Work that this session asked for before in the same slot, and no longer needs, is left: it stops
    unless another session waits for it.

    Args:
        slot: the part of the page that waits; names its widgets.
        key: differs whenever the work does.
        doing: what is done, for people, as Markdown.
        work: ``(progress, cancelled) -> result``.
        result_type: what ``work`` gives back.
        known: gives the result if it is kept somewhere, so that no work is needed.
        jobs: among which it is done; the same for all work of a slot. By default those of the networks.
    """
    jobs = shared_jobs() if jobs is None else jobs
    _leave_what_is_no_longer_wanted(jobs, slot, key)
    kept = known()
    if kept is not None:
        return kept
    job = jobs.find(key)
    if job is not None and isinstance(job.result, result_type):
        return job.result
    if job is not None and job.finished.is_set() and job.error is not None:
        st.error(literal(job.error, longest=None), icon=":material/error:")
        _draw_start_again(jobs, slot, key)
    elif st.session_state.get(_stopped(slot)) == key:
        st.info(STOPPED, icon=":material/pause_circle:")
        _draw_start_again(jobs, slot, key)
    else:
        job = jobs.start(key, work, session_name())
        job_progress(job, doing, slot, session_name(), functools.partial(_stop, jobs, slot, key))
    return None


def leave(slot: str, jobs: Jobs | None = None) -> None:
    """Wait no longer for what this session asked for in a slot, as when that part of the page is left.

    The work stops unless another session waits for it.
    """
    jobs = shared_jobs() if jobs is None else jobs
    before = st.session_state.pop(f"_job_{slot}", None)
    if before is not None:
        jobs.leave(before, session_name())
    st.session_state.pop(_stopped(slot), None)


def _stopped(slot: str) -> str:
    return f"_stopped_{slot}"


def _leave_what_is_no_longer_wanted(jobs: Jobs, slot: str, key: str) -> None:
    if st.session_state.get(f"_job_{slot}") != key:
        leave(slot, jobs)
        st.session_state[f"_job_{slot}"] = key


def _stop(jobs: Jobs, slot: str, key: str) -> None:
    """The person pressed Cancel; the work goes on if another session waits for it."""
    st.session_state[_stopped(slot)] = key
    jobs.leave(key, session_name())


def _start_again(jobs: Jobs, slot: str, key: str) -> None:
    st.session_state.pop(_stopped(slot), None)
    jobs.forget(key)


def _draw_start_again(jobs: Jobs, slot: str, key: str) -> None:
    st.button(
        "Start again",
        key=f"{slot}-again",
        on_click=_start_again,
        args=(jobs, slot, key),
        icon=":material/replay:",
    )


@st.fragment(run_every=0.4)
def job_progress(job: Job, doing: str, key: str, session: str, cancel: Callable[[], None]) -> None:
    """How far a job is, the time left, and a way to stop it; the page is drawn anew when it is over.

    Args:
        job: what ``session`` waits for.
        doing: what the job does, for people.
        key: of the widgets.
        session: which waits for it.
        cancel: called when the person asks to stop.
    """
    if job.finished.is_set() or session not in job.waiting:
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    bar.progress(min(job.fraction, 1.0), text=f"{doing} · {_time_left(job)}")
    stop.button("Cancel", key=f"{key}-cancel", on_click=cancel, width="stretch")


def _time_left(job: Job) -> str:
    if job.started is None:
        return "waiting for its turn"
    seconds = job.seconds_left()
    if seconds is None:
        return "starting"
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
