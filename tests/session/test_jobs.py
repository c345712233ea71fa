"""Jobs: shared between sessions, told by their progress, stopped when nobody waits, bounded in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pytest

from cnn_core.errors import InvalidRequestError
from dashboard.session.jobs import LOOK_SECONDS, Jobs

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class HundredBytes:
    """A result of known size."""

    values: np.ndarray


def test_a_job_tells_its_progress_and_the_time_left():
    halfway, go_on = threading.Event(), threading.Event()

    def work(progress):
        progress(0.5, "half a result")
        halfway.set()
        go_on.wait(PATIENCE_SECONDS)

    job = Jobs().start("key", work, "me")
    assert halfway.wait(PATIENCE_SECONDS)
    assert (job.fraction, job.preview) == (0.5, "half a result")
    assert job.seconds_left() >= 0
    go_on.set()
    assert job.finished.wait(PATIENCE_SECONDS)
    assert (job.error, job.preview) == (None, None)


def until_cancelled(progress):
    """Work that ends only when it is asked to."""
    for _ in range(100 * PATIENCE_SECONDS):
        progress(0.1)
        threading.Event().wait(0.01)


def test_the_same_work_is_shared_and_not_done_twice():
    jobs, go_on = Jobs(), threading.Event()
    first = jobs.start("key", lambda progress: go_on.wait(PATIENCE_SECONDS), "me")
    assert jobs.start("key", lambda progress: None, "you") is first
    go_on.set()
    assert first.finished.wait(PATIENCE_SECONDS)


def test_a_job_goes_on_until_the_last_session_that_waits_has_left():
    jobs = Jobs()
    job = jobs.start("key", until_cancelled, "me")
    jobs.start("key", until_cancelled, "you")
    jobs.leave("key", "me")
    jobs.leave("key", "me")
    assert not job.cancelled.is_set()
    jobs.leave("key", "you")
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.error is None
    assert jobs.find("key") is None


def test_a_job_that_is_being_stopped_is_not_handed_out_again():
    jobs = Jobs()
    first = jobs.start("key", until_cancelled, "me")
    jobs.leave("key", "me")
    second = jobs.start("key", lambda progress: "done", "me")
    assert second is not first
    assert second.finished.wait(PATIENCE_SECONDS)
    assert second.result == "done"


def test_jobs_that_wait_or_run_are_never_dropped():
    jobs, go_on = Jobs(kept=2), threading.Event()
    started = [
        jobs.start(str(number), lambda progress: go_on.wait(PATIENCE_SECONDS), "me") for number in range(6)
    ]
    assert [jobs.find(str(number)) for number in range(6)] == started
    go_on.set()
    assert started[-1].finished.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("wrapped", [lambda result: result, lambda result: (result,)])
def test_results_of_jobs_that_are_over_take_bounded_memory(wrapped):
    jobs = Jobs(kept_bytes=250)
    for number in range(4):
        answer = wrapped(HundredBytes(values=np.zeros(100, np.uint8)))
        job = jobs.start(str(number), lambda progress, answer=answer: answer, "me")
        assert job.finished.wait(PATIENCE_SECONDS)
    jobs.start("last", lambda progress: None, "me")
    assert [jobs.find(str(number)) is not None for number in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (InvalidRequestError("Expected a layer."), "Expected a layer."),
        (ZeroDivisionError(), "a mistake in Convscope"),
    ],
)
def test_what_goes_wrong_in_a_job_becomes_a_sentence(error, says):
    def work(progress):
        raise error

    job = Jobs().start("key", work, "me")
    assert job.finished.wait(PATIENCE_SECONDS)
    assert says in job.error


def test_a_job_ends_when_the_browsers_of_all_who_wait_for_it_are_closed():
    here = {"me", "you"}
    jobs = Jobs(is_here=here.__contains__)
    job = jobs.start("key", until_cancelled, "me")
    jobs.start("key", until_cancelled, "you")
    here.remove("me")
    assert not job.finished.wait(3 * LOOK_SECONDS)
    here.remove("you")
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.cancelled.is_set()
    assert jobs.find("key") is None
