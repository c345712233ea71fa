"""Jobs: shared between sessions, told by their progress, stopped when nobody waits, bounded in memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

from cnn_core.errors import InvalidRequestError
from dashboard.session import turns
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


def test_a_short_job_does_not_wait_for_long_ones_of_others_though_they_came_first():
    jobs = Jobs(at_once=2)
    long = [jobs.start(f"long-{number}", until_cancelled, f"session {number}") for number in range(5)]
    wait_until(lambda: any(job.started for job in long))
    time.sleep(0.3)

    short = jobs.start("short", lambda progress: "done", "another")

    assert short.finished.wait(2)
    assert short.result == "done"
    assert not any(job.finished.is_set() for job in long)
    assert jobs.unfinished == 5
    for number in range(5):
        jobs.leave(f"long-{number}", f"session {number}")
    assert all(job.finished.wait(PATIENCE_SECONDS) for job in long)


def test_jobs_that_are_equally_long_have_had_about_as_much_after_a_while():
    jobs = Jobs(at_once=1)
    shared = [jobs.start(f"job-{number}", until_cancelled, "me") for number in range(3)]
    time.sleep(1.5)
    had = [job.share.seconds for job in shared]
    for number in range(3):
        jobs.leave(f"job-{number}", "me")
    assert all(job.finished.wait(PATIENCE_SECONDS) for job in shared)
    assert min(had) > 0.2
    assert max(had) - min(had) < 0.3


def test_a_job_that_is_left_while_it_waits_for_its_turn_never_begins():
    jobs, go_on = Jobs(), threading.Event()
    first = jobs.start("first", lambda progress: go_on.wait(PATIENCE_SECONDS), "me")
    wait_until(lambda: first.started is not None)
    second = jobs.start("second", lambda progress: "never", "you")
    jobs.leave("second", "you")
    assert second.finished.wait(PATIENCE_SECONDS)
    assert second.result is None
    go_on.set()
    assert first.finished.wait(PATIENCE_SECONDS)


def test_work_that_waits_for_the_result_of_work_that_gave_way_gets_it(monkeypatch):
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 0.5)
    jobs, one_at_a_time, has_it = Jobs(at_once=1), threading.Lock(), threading.Event()

    def gives_way_inside(progress):
        with one_at_a_time:
            has_it.set()
            for _ in range(20):
                progress(0.5)
                time.sleep(0.02)

    def needs_it(progress):
        with one_at_a_time:
            return "done"

    first = jobs.start("first", gives_way_inside, "me")
    assert has_it.wait(PATIENCE_SECONDS)
    second = jobs.start("second", needs_it, "you")
    assert first.finished.wait(PATIENCE_SECONDS)
    assert second.finished.wait(PATIENCE_SECONDS)
    assert second.result == "done"


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
