"""Filter patterns: a climb beside the page, its progress, Cancel, and what comes of it."""

from __future__ import annotations

import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.errors import Cancelled, QuestionError
from dashboard.jobs import Jobs

PATIENCE_SECONDS = 60


def wait_for_patterns(app: AppTest) -> AppTest:
    """Run the page until the climb is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        app.run()
        if "channel" in app.query_params and not any(b.key == "channel-cancel" for b in app.button):
            return app
        time.sleep(0.2)
    raise TimeoutError("no patterns")


def test_patterns_appear_by_themselves_with_their_verdict(open_app):
    app = wait_for_patterns(open_app("filter_patterns", layer="block1_conv", climb_steps="8"))
    assert not app.error
    assert not app.exception
    assert any("6 of 6 channels" in caption.value for caption in app.caption)


def test_a_channel_in_the_address_is_opened(open_app):
    app = wait_for_patterns(open_app("filter_patterns", layer="block1_conv", climb_steps="8", channel="4"))
    assert app.query_params["channel"] in ("4", ["4"])


def test_a_job_tells_its_progress_and_the_time_left():
    halfway, go_on = threading.Event(), threading.Event()

    def work(progress, cancelled):
        progress(0.5)
        halfway.set()
        go_on.wait(PATIENCE_SECONDS)

    job = Jobs().start("key", work)
    assert halfway.wait(PATIENCE_SECONDS)
    assert job.fraction == 0.5
    assert job.seconds_left() >= 0
    go_on.set()
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.error is None


def test_the_same_work_is_shared_and_not_done_twice():
    jobs, go_on = Jobs(), threading.Event()
    first = jobs.start("key", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS))
    assert jobs.start("key", lambda progress, cancelled: None) is first
    go_on.set()
    assert first.finished.wait(PATIENCE_SECONDS)


def test_a_cancelled_job_ends_and_says_no_error():
    started = threading.Event()

    def work(progress, cancelled):
        started.set()
        while not cancelled():
            time.sleep(0.01)
        raise Cancelled("Stopped.")

    job = Jobs().start("key", work)
    assert started.wait(PATIENCE_SECONDS)
    job.cancelled.set()
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.error is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (QuestionError("Expected a layer."), "Expected a layer."),
        (ZeroDivisionError(), "a mistake in Convscope"),
    ],
)
def test_what_goes_wrong_in_a_job_becomes_a_sentence(error, says):
    def work(progress, cancelled):
        raise error

    job = Jobs().start("key", work)
    assert job.finished.wait(PATIENCE_SECONDS)
    assert says in job.error
