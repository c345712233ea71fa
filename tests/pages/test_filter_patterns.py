"""Filter patterns: a climb beside the page, its progress, Cancel, and what comes of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.errors import Cancelled, InvalidRequestError
from cnn_core.results import FilterPatterns
from dashboard.feature_visualization.patterns import verdict
from dashboard.session.jobs import Jobs
from dashboard.session.jobs import jobs as shared_jobs

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class HundredBytes:
    """A result of known size."""

    values: np.ndarray


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

    job = Jobs().start("key", work, "me")
    assert halfway.wait(PATIENCE_SECONDS)
    assert job.fraction == 0.5
    assert job.seconds_left() >= 0
    go_on.set()
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.error is None


def until_cancelled(progress, cancelled):
    """Work that ends only when it is asked to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not cancelled() and time.monotonic() < deadline:
        time.sleep(0.01)
    raise Cancelled("Stopped.")


def test_the_same_work_is_shared_and_not_done_twice():
    jobs, go_on = Jobs(), threading.Event()
    first = jobs.start("key", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "me")
    assert jobs.start("key", lambda progress, cancelled: None, "you") is first
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
    second = jobs.start("key", lambda progress, cancelled: "done", "me")
    assert second is not first
    assert second.finished.wait(PATIENCE_SECONDS)
    assert second.result == "done"


def test_jobs_that_wait_or_run_are_never_dropped():
    jobs, go_on = Jobs(kept=2), threading.Event()
    started = [
        jobs.start(str(number), lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "me")
        for number in range(6)
    ]
    assert [jobs.find(str(number)) for number in range(6)] == started
    go_on.set()
    assert started[-1].finished.wait(PATIENCE_SECONDS)


def test_results_of_jobs_that_are_over_take_bounded_memory():
    jobs = Jobs(kept_bytes=250)
    for number in range(4):
        answer = HundredBytes(values=np.zeros(100, np.uint8))
        job = jobs.start(str(number), lambda progress, cancelled, answer=answer: answer, "me")
        assert job.finished.wait(PATIENCE_SECONDS)
    jobs.start("last", lambda progress, cancelled: None, "me")
    assert [jobs.find(str(number)) is not None for number in range(4)] == [False, False, True, True]


def hold_the_worker() -> threading.Event:
    """Keep the app's one worker busy until the event is set, so that climbs wait for their turn."""
    go_on = threading.Event()
    shared_jobs().start("hold", lambda progress, cancelled: go_on.wait(PATIENCE_SECONDS), "another session")
    return go_on


def test_moving_the_layer_slider_there_and_back_is_no_cancel(open_app):
    go_on = hold_the_worker()
    app = open_app("filter_patterns", layer="block1_conv", climb_seed="5", climb_steps="8")
    app.select_slider(key="layer").set_value("block2_conv").run()
    app.select_slider(key="layer").set_value("block1_conv").run()
    said = [info.value for info in app.info]
    go_on.set()
    assert not any("Stopped" in text for text in said)
    wait_for_patterns(app)


def test_nothing_of_a_layer_that_was_left_is_climbed_to(open_app):
    app = wait_for_patterns(open_app("filter_patterns", layer="block1_conv", climb_seed="7", climb_steps="8"))
    go_on = hold_the_worker()
    other = int(app.query_params["channel"][0]) ^ 1
    app.query_params["channel"] = str(other)
    app.run()
    followed = shared_jobs().find(app.session_state["_job_channel"])
    assert followed is not None
    app.select_slider(key="layer").set_value("block2_conv").run()
    assert followed.cancelled.is_set()
    go_on.set()
    wait_for_patterns(app)


def test_cancel_leads_to_a_way_to_start_again_and_another_session_gets_its_patterns(open_app):
    go_on = hold_the_worker()
    mine, yours = (
        open_app("filter_patterns", layer="block1_conv", climb_seed="6", climb_steps="8") for _ in "ab"
    )
    mine.button(key="layer-cancel").click().run()
    mine.run()
    assert any("Stopped" in info.value for info in mine.info)
    yours.run()
    assert any(button.key == "layer-cancel" for button in yours.button)
    go_on.set()
    wait_for_patterns(yours)
    assert not any("Stopped" in info.value for info in yours.info)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (InvalidRequestError("Expected a layer."), "Expected a layer."),
        (ZeroDivisionError(), "a mistake in Convscope"),
    ],
)
def test_what_goes_wrong_in_a_job_becomes_a_sentence(error, says):
    def work(progress, cancelled):
        raise error

    job = Jobs().start("key", work, "me")
    assert job.finished.wait(PATIENCE_SECONDS)
    assert says in job.error


@pytest.mark.parametrize(("asked_px", "said"), [(None, False), (16, False), (8, True)])
def test_another_canvas_than_asked_for_is_told(asked_px, said):
    channels = np.arange(2)
    patterns = FilterPatterns(
        layer_name="conv",
        channels=channels,
        patterns=np.zeros((2, 16, 16, 3), np.uint8),
        scores=np.ones(2, np.float32),
        history=np.ones((2, 2), np.float32),
        z_scores=np.ones(2, np.float32),
        has_z_scores=True,
        exceeds_dataset_maximum=channels == 0,
        active=channels >= 0,
        growth=np.zeros((0, 2, 16, 16, 3), np.uint8),
        growth_steps=np.zeros(0, np.int64),
    )
    text = verdict(patterns, patterns, "Block 1", canvas_px=asked_px)
    assert ("8 px do not suit this layer" in text) is said
    assert "16 × 16 px" in text
