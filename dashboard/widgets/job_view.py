"""The result of some work, or else its progress: for whatever a part of a page waits for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import streamlit as st

from dashboard.session import address
from dashboard.session.jobs import Job, Jobs, Waiting, Work
from dashboard.session.jobs import jobs as network_jobs
from dashboard.session.state import session
from dashboard.widgets.errors import show_errors
from dashboard.widgets.markdown import escape_markdown

T = TypeVar("T")

QUICK_SECONDS = 0.5  # what is over so soon appears at once, without a flicker of its progress
REDRAWN_SECONDS = 0.4
STOPPED = "Stopped. What was found before is kept."


def _nothing_known() -> None:
    """For results that are kept nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[T]):
    """Work that a part of a page waits for.

    Attributes:
        slot: the part of the page; names its widgets.
        key: differs whenever the result does.
        doing: what is done, for people, as Markdown.
        work: gives the result, and says now and then how far it is.
        result: type of what comes back.
        known: gives the result where it is kept already, so that no work is needed.
        preview: draws what has been found so far, None at first.
        jobs: among which it is done; the same for all work of a slot.
        stays: whether it goes on while nobody looks, as a download does.
    """

    slot: str
    key: str
    doing: str
    work: Work
    result: type[T]
    known: Callable[[], T | None] = _nothing_known
    preview: Callable[[T | None], None] | None = None
    jobs: Jobs = field(default_factory=network_jobs)
    stays: bool = False


def result_or_progress(task: Task[T]) -> T | None:
    """The result of a task; one that is new is started, and its progress drawn unless it is quick.

    Work that this session asked for before in the same slot, and no longer needs, is left: it stops
    unless another session waits for it.
    """
    waiting = _wait_for(task)
    kept = task.known()
    if kept is not None:
        return kept
    job = task.jobs.find(task.key)
    if not waiting.stopped and (job is None or (job.result is None and not (job.error and waiting.begun))):
        job = task.jobs.start(task.key, task.work, session().name)
        if not waiting.begun:
            waiting.begun = True
            job.finished.wait(QUICK_SECONDS)
    if job is not None and isinstance(job.result, task.result):
        return job.result
    if waiting.stopped or job is None:
        st.info(STOPPED, icon=":material/pause_circle:")
        _draw_start_again(task.slot)
    elif job.error is not None:
        st.error(escape_markdown(job.error, longest=None), icon=":material/error:")
        _draw_start_again(task.slot)
    else:
        _draw_progress(task, job)
    return None


def leave(slot: str) -> None:
    """Wait no longer for what this session asked for in a slot; it stops unless another one waits for it."""
    waiting = session().waiting.pop(slot, None)
    if waiting is not None:
        waiting.jobs.leave(waiting.key, session().name)


def leave_all(*, but: Collection[str] = ()) -> None:
    """Leave every slot, as when a page is left, ``but`` some; what ``stays`` goes on."""
    for slot, waiting in list(session().waiting.items()):
        if slot not in but and not waiting.stays:
            leave(slot)


def begin_page() -> None:
    """Note from here on which slots the page draws."""
    session().drawn = set()


def leave_undrawn() -> None:
    """Leave the slots that the page has not drawn since it began."""
    leave_all(but=session().drawn)


def _wait_for(task: Task[T]) -> Waiting:
    session().drawn.add(task.slot)
    waiting = session().waiting.get(task.slot)
    if waiting is None or waiting.key != task.key:
        leave(task.slot)
        waiting = session().waiting[task.slot] = Waiting(jobs=task.jobs, key=task.key, stays=task.stays)
    return waiting


def _stop(slot: str) -> None:
    """The person pressed Cancel; the work goes on if another session waits for it."""
    waiting = session().waiting[slot]
    waiting.stopped = True
    waiting.jobs.leave(waiting.key, session().name)


def _start_again(slot: str) -> None:
    waiting = session().waiting[slot]
    waiting.begun = waiting.stopped = False
    waiting.jobs.forget(waiting.key)


def _draw_start_again(slot: str) -> None:
    st.button(
        "Start again", key=f"{slot}-again", on_click=_start_again, args=(slot,), icon=":material/replay:"
    )


@st.fragment(run_every=REDRAWN_SECONDS)
def _draw_progress(task: Task[T], job: Job) -> None:
    """How far a job is, the time left, a way to stop it, and what it has found so far.

    The page is drawn anew when the job is over.
    """
    if job.finished.is_set() or session().name not in job.waiting:
        address.set_anew()  # a slow browser may not have drawn the widgets of the run that began the job
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    bar.progress(min(job.fraction, 1.0), text=f"{task.doing} · {_time_left(task.jobs, job)}")
    stop.button("Cancel", key=f"{task.slot}-cancel", on_click=_stop, args=(task.slot,), width="stretch")
    if task.preview is not None:
        found = job.preview
        with show_errors():
            task.preview(found if isinstance(found, task.result) else None)


def _time_left(among: Jobs, job: Job) -> str:
    others = among.unfinished - 1
    if job.started is None:
        return f"waiting for its turn beside {others} other{'s' if others > 1 else ''}"
    shared = f", shared with {others} other{'s' if others > 1 else ''}" if others > 0 else ""
    seconds = job.seconds_left()
    if seconds is None:
        return f"starting{shared}"
    left = f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
    return f"{left}{shared}"
