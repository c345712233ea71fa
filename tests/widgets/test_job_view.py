"""Work that a page waits for: quick work without a flicker, long work with progress, preview and Cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.errors import InvalidRequestError
from dashboard.session.jobs import Jobs

PATIENCE_SECONDS = 60


@dataclass
class Bench:
    """What the page of these tests works on."""

    jobs: Jobs = field(default_factory=Jobs)
    go_on: threading.Event = field(default_factory=threading.Event)
    half_done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    kept: str | None = None
    stays: bool = False

    def work(self, progress) -> str:
        """A result in two halves; the second comes when the test says so."""
        progress(0.5, "half")
        self.half_done.set()
        if self.error is not None:
            raise self.error
        while not self.go_on.wait(0.01):
            progress(0.5)
        return "whole"


def page(bench) -> None:
    """A page with a part that waits, unless the person has left it."""
    import streamlit as st

    from dashboard.widgets.job_view import Task, result_or_progress
    from dashboard.widgets.page_fragment import page_fragment

    @page_fragment
    def body() -> None:
        if st.checkbox("Elsewhere", key="elsewhere"):
            return
        task = Task(
            slot="part",
            key=st.text_input("Key", "first", key="key"),
            doing="Working",
            work=bench.work,
            result=str,
            known=lambda: bench.kept,
            preview=lambda found: st.caption(f"preview {found or 'nothing'}"),
            jobs=bench.jobs,
            stays=bench.stays,
        )
        result = result_or_progress(task)
        if result is not None:
            st.success(result)

    from dashboard.session import address

    address.enter("Page")
    body()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.go_on.set()


@pytest.fixture
def open_page(bench: Bench) -> Callable[[], AppTest]:
    return lambda: AppTest.from_function(page, args=(bench,), default_timeout=PATIENCE_SECONDS).run()


def texts(elements) -> list[str]:
    return [element.value for element in elements]


def finish(bench: Bench, app: AppTest) -> AppTest:
    """Let the work end and draw the page once more."""
    job = bench.jobs.find(app.text_input(key="key").value)
    bench.go_on.set()
    assert job.finished.wait(PATIENCE_SECONDS)
    return app.run()


def test_quick_work_appears_at_once(bench, open_page):
    bench.go_on.set()
    app = open_page()
    assert texts(app.success) == ["whole"]
    assert not app.button


def test_what_is_kept_needs_no_work(bench, open_page):
    bench.kept = "from memory"
    assert texts(open_page().success) == ["from memory"]
    assert not bench.half_done.is_set()


def test_long_work_shows_its_preview_and_then_its_result(bench, open_page):
    app = open_page()
    assert texts(app.caption) == ["preview half"]
    assert "Working" in app.get("progress")[0].proto.text
    assert texts(finish(bench, app).success) == ["whole"]


def test_cancelled_work_stays_cancelled_until_it_is_started_again(bench, open_page):
    app = open_page()
    job = bench.jobs.find("first")
    app.button(key="part-cancel").click().run()
    assert job.finished.wait(PATIENCE_SECONDS)
    assert job.cancelled.is_set()
    assert len(app.run().info) == 1
    app.button(key="part-again").click().run()
    assert texts(finish(bench, app).success) == ["whole"]


def test_an_error_is_told_and_the_work_can_be_started_again(bench, open_page):
    bench.error = InvalidRequestError("Expected another layer.")
    app = open_page()
    assert texts(app.error) == ["Expected another layer."]
    bench.error = None
    bench.go_on.set()
    assert texts(app.button(key="part-again").click().run().success) == ["whole"]


@pytest.mark.parametrize(("stays", "goes_on"), [(False, False), (True, True)])
def test_work_that_is_drawn_no_longer_is_left_unless_it_stays(bench, open_page, stays, goes_on):
    bench.stays = stays
    app = open_page()
    job = bench.jobs.find("first")
    app.checkbox(key="elsewhere").check().run()
    assert job.cancelled.is_set() is not goes_on


def test_other_work_in_the_same_part_takes_the_place_of_the_one_before(bench, open_page):
    app = open_page()
    job = bench.jobs.find("first")
    app.text_input(key="key").set_value("second").run()
    assert job.cancelled.is_set()
    app.text_input(key="key").set_value("first").run()
    assert not app.info
    assert texts(finish(bench, app).success) == ["whole"]


def test_cancel_stops_nothing_that_another_session_waits_for(bench, open_page):
    mine, yours = open_page(), open_page()
    mine.button(key="part-cancel").click().run()
    assert texts(finish(bench, yours).success) == ["whole"]
    assert len(mine.info) == 1


def test_what_failed_for_another_session_is_tried_anew(bench, open_page):
    bench.error = InvalidRequestError("Expected another layer.")
    open_page()
    bench.error = None
    bench.go_on.set()
    assert texts(open_page().success) == ["whole"]
