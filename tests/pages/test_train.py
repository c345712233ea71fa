"""Train, the whole page: a network trained for real by a process of its own, seen in every section."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tiny_photos import write_tiny_photos

from cnn_core.runs.runs import Runs

PATIENCE_SECONDS = 240
SETTINGS = {
    "preset": "lecture_baseline",
    "set_epochs": "2",
    "set_batch_size": "8",
    "set_input_size_px": "32",
    "set_precision": "float32",
    "set_checkpoint_count": "2",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs of their own on photos of their own; none is left going on."""
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_RUNS", str(folder / "runs"))
        patch.setenv("CONVSCOPE_DATA", str(write_tiny_photos(folder / "photos", training=16, validation=6)))
        found = Runs(folder / "runs")
        yield found
        for run in found.all():
            if run.is_alive:
                found.stop(run.key, "cancelled")
        wait_for_the_end(found)


@pytest.fixture(scope="module")
def finished(runs: Runs, open_app) -> str:
    """The key of a run that was started on the page and has ended."""
    app = open_app("train", section="settings", **SETTINGS)
    app.text_input(key="run-title").set_value("Warm *and* cold").run()
    clean(app.button(key="start-training").click().run())
    return wait_for_the_end(runs)


def wait_for_the_end(runs: Runs) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(run.is_alive for run in runs.all()):
        assert time.monotonic() < deadline, "the run does not end"
        time.sleep(0.2)
    return runs.all()[0].key if runs.all() else ""


def clean(app: AppTest) -> AppTest:
    assert not app.exception
    assert [error.value for error in app.error] == []
    return app


@pytest.mark.timeout(600)
def test_a_run_that_was_started_on_the_page_finishes_with_a_model(runs: Runs, finished: str):
    view = runs.view(finished)
    assert view.state == "finished", (view.reason, view.advice)
    assert view.model_key == finished
    assert len(view.history) == 2
    assert Path(view.source.folders[0]).name == "photos"


@pytest.mark.parametrize("page", ["evaluation", "runs"])
def test_evaluation_and_runs_show_it_without_a_complaint(open_app, finished: str, page: str):
    app = clean(open_app(page, run=finished, compare_runs=finished))
    assert app.title[0].value == page.capitalize()
    assert len(app.metric) >= 3 if page == "evaluation" else app.multiselect[0].value == [finished]


@pytest.mark.parametrize("section", ["data", "augmentation", "settings", "progress"])
def test_every_section_shows_it_without_a_complaint(open_app, finished: str, section: str):
    app = clean(open_app("train", section=section, run=finished))
    assert app.title[0].value == "Train"
    assert app.query_params["section"] in (section, [section])


def test_its_title_is_shown_as_it_was_written(open_app, finished: str):
    app = clean(open_app("train", section="progress", run=finished))
    assert any("Warm *and* cold" in piece.proto.body for piece in app.get("html"))
    assert not any("Warm *and* cold" in element.value for element in app.markdown)


def test_its_network_is_in_the_picker_and_opens_on_other_pages(open_app, finished: str):
    app = clean(open_app("activations", model=finished))
    assert app.selectbox(key="model").value == finished
    assert "Warm *and* cold" in app.selectbox(key="model").options


def test_an_unknown_section_in_the_address_leads_to_the_first_one(open_app, runs: Runs):
    app = clean(open_app("train", section="nonsense"))
    assert app.query_params["section"] in ("data", ["data"])
