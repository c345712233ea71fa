"""Train, section Data: photos that are uploaded as a zip, or downloaded."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from data_section import PATIENCE_SECONDS, said, scanned, with_zip
from tiny_photos import packed, write_tiny_photos

from cnn_core.datasets import known_sets
from cnn_core.datasets.known_sets import known_set
from cnn_core.errors import Cancelled, DataError
from dashboard.run_setup.data_choice import GREY, NEAR
from dashboard.run_setup.known_set_choice import job_key
from dashboard.run_setup.upload import ignored_sentence
from dashboard.session.resources import data_jobs


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_tiny_photos(tmp_path / "My photos", training=6, validation=3)


def test_files_of_a_zip_that_are_not_trained_on_are_counted(open_app, photos):
    stray = photos / "train" / "stray"
    stray.mkdir()
    for name in ("one.jpg", "two.jpg"):
        shutil.copy(photos / "train" / "cats" / "cats.0.jpg", stray / name)
    (stray / "deep").mkdir()
    (stray / "one.jpg").rename(stray / "deep" / "one.jpg")
    (stray / "two.jpg").rename(photos / "two.jpg")
    app = with_zip(open_app("train", section="data"), packed(photos))
    assert "2 files of it are left out" in said(app)
    assert ignored_sentence(0) == ""


def test_a_file_that_is_no_zip_is_told_and_another_becomes_a_data_set_called_as_its_file(open_app, photos):
    app = with_zip(open_app("train", section="data"), b"no zip at all")
    assert len(app.error) == 1
    assert not app.exception
    app = with_zip(app, packed(photos), "good ones.zip")
    assert not app.error
    assert not app.exception
    assert app.subheader[0].value == "good ones"
    assert "18 files" in said(app)


def test_a_download_that_fails_names_the_reason_and_the_other_way(open_app, monkeypatch):
    def fail(published, target, progress):
        raise DataError("Expected a network. Received: none. Name a folder of this computer instead.")

    monkeypatch.setattr("cnn_core.datasets.known_sets.download", fail)
    app = open_app("train", section="data")
    app.segmented_control(key="origin").set_value("download").run()
    app.button(key="download").click().run()
    assert "Expected a network" in app.error[0].value
    assert app.button(key="download-again")


def test_a_download_can_be_cancelled(open_app, monkeypatch, impatient):
    ended, given_up = [], threading.Event()

    def endless(published, target, progress):
        try:
            while not given_up.wait(0.01):
                progress(0.1)
        except Cancelled as error:
            ended.append(error)
            raise

    monkeypatch.setattr("cnn_core.datasets.known_sets.download", endless)
    app = open_app("train", section="data")
    app.segmented_control(key="origin").set_value("download").run()
    app.button(key="download").click().run()
    job = data_jobs().find(job_key(known_set("cats_and_dogs_filtered")))
    try:
        app.button(key="download-cancel").click().run()
        assert job.finished.wait(PATIENCE_SECONDS)
    finally:
        given_up.set()
    assert len(ended) == 1
    assert job.error is None
    app.run()
    assert app.button(key="download-again")
    assert not app.exception


def test_a_ready_made_set_is_drawn_and_comes_with_the_fields_that_fit_it(
    open_app, fresh_folders, monkeypatch
):
    monkeypatch.setattr(known_sets, "LINE_SETS", {"train": (2, 1), "validation": (1, 2), "test": (1, 3)})
    app = open_app("train", section="settings", preset="lines_heads")
    app.button(key="take-its-data").click().run()
    assert app.segmented_control(key="known").value == "lines"
    app.button(key="download").click().run()
    app = scanned(app)
    assert not app.exception
    assert app.subheader[0].value == "lines"
    assert not app.toggle(key=NEAR).value
    assert "It is ready" in said(app)


def test_mnist_is_read_from_a_file_of_this_computer_and_another_file_is_told(
    open_app, fresh_folders, tmp_path
):
    rng = np.random.default_rng(0)
    arrays = {
        f"{axis}_{part}": rng.integers(0, 256, (count, 28, 28), np.uint8)
        if axis == "x"
        else np.arange(count) % 10
        for part, count in (("train", 30), ("test", 10))
        for axis in "xy"
    }
    np.savez(tmp_path / "mine.npz", **arrays)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    app = open_app("train", section="data", origin="download")
    app.segmented_control(key="origin").set_value("download").run()
    app.segmented_control(key="known").set_value("mnist").run()
    app.text_input(key="mnist-file").set_value(str(tmp_path / "other.npz")).run()
    app.button(key="download").click().run()
    assert "Expected Keras' mnist.npz" in app.error[0].value
    app.text_input(key="mnist-file").set_value(str(tmp_path / "mine.npz")).run()
    app.button(key="download").click().run()
    assert not app.exception
    assert "Expected more pictures of 0" in app.error[0].value  # three are too few to set 500 aside
    assert "It is ready" in said(app)
    assert app.toggle(key=GREY).value
