"""The dashboard with a model small enough to answer at once, and no results from before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from launch_settings import Launched
from run_folders import write_run
from streamlit.testing.v1 import AppTest
from tiny_model import write_tiny_model
from tiny_photos import write_tiny_photos

from cnn_core.runs.runs import Runs
from dashboard.session.jobs import NETWORK_JOBS_AT_ONCE, jobs
from dashboard.widgets import job_view

SECONDS = 60
PATIENT_SECONDS = 10  # a page waits so long for a job, which in tests is short, before it shows its progress


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one untrained two-class model of two blocks."""
    return write_tiny_model(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module", autouse=True)
def own_resources(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No file of tests meets what another one left in the shared resources."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_MODELS", str(models_folder))
        patch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CONVSCOPE_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.delenv("CONVSCOPE_DATA", raising=False)
        patch.setattr(job_view, "QUICK_SECONDS", PATIENT_SECONDS)
        st.cache_resource.clear()
        yield
        st.cache_resource.clear()


@pytest.fixture(scope="module")
def open_app(project_root: Path) -> Callable[..., AppTest]:
    """Opens the app, on a page other than the first if named, with parameters in the address."""

    def opened(page: str | None = None, **address: str) -> AppTest:
        app = AppTest.from_file(str(project_root / "app.py"), default_timeout=SECONDS)
        for key, value in address.items():
            app.query_params[key.rstrip("_")] = value
        app.run()
        if page is not None:
            app.switch_page(f"pages/{page}.py")
            for key, value in address.items():
                app.query_params[key.rstrip("_")] = value
            app.run()
        return app

    return opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages show the progress of their jobs at once."""
    monkeypatch.setattr(job_view, "QUICK_SECONDS", 0.01)


@pytest.fixture
def hold_workers(impatient: None) -> Iterator[Callable[[], threading.Event]]:
    """Keeps every worker of the app busy until the event that it gives is set."""
    go_on = threading.Event()

    def hold() -> threading.Event:
        for number in range(NETWORK_JOBS_AT_ONCE):
            jobs().start(
                f"hold-{id(go_on)}-{number}", lambda progress: go_on.wait(SECONDS), "another session"
            )
        return go_on

    yield hold
    go_on.set()


@pytest.fixture(scope="module")
def photo_bytes() -> bytes:
    """A small photo-like picture as a PNG file."""
    from dashboard.figures.pictures.pictures import png

    rows, columns = np.mgrid[:60, :80]
    pixels = np.dstack([rows * 4, columns * 3, (rows + columns) % 256])
    return png(pixels.astype(np.uint8))


@pytest.fixture
def fresh_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test here meets the runs of another one, nor the folders that it used."""
    monkeypatch.setenv("CONVSCOPE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def many_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos enough for the largest batch of a preset."""
    return write_tiny_photos(tmp_path_factory.mktemp("many") / "photos", training=66, validation=3)


@pytest.fixture
def photos(many_photos: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set that the environment names."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(many_photos))
    return many_photos


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Launched:
    """What is launched, instead of processes."""
    calls: Launched = []

    def launch(self, config, source, *, title=None):
        calls.append((config, source, title))
        return write_run(tmp_path / "runs", f"run-{len(calls)}", "paused", history=0).name

    monkeypatch.setattr(Runs, "launch", launch)
    return calls
