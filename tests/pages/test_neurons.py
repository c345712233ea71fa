"""The page of neurons: a data set is looked through once, then every channel has patches and figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from evaluation_section import wait_for_maps
from streamlit.testing.v1 import AppTest
from tiny_photos import write_tiny_photos

from cnn_core import paths
from cnn_core.neurons.photo_index import ChannelFigures, PhotoIndex
from cnn_core.neurons.selectivity import fires_for_every_class
from dashboard.neurons.questions import LayerFindings, following, table_order
from dashboard.run_setup.folder_split import FOLDER

PHOTOS = 6


@pytest.fixture
def photos(fresh_folders: None, tmp_path: Path) -> Path:
    """Photos of two classes, without splits."""
    return write_tiny_photos(tmp_path / "pets", training=PHOTOS, validation=2) / "train"


def opened(open_app, folder: Path, **address: str) -> AppTest:
    app = open_app("neurons", **address)
    app.text_input(key=FOLDER).set_value(str(folder)).run()
    return fine(app)


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    app = wait_for_maps(app)
    assert [error.value for error in app.error] == []
    return app


def test_without_a_folder_the_page_says_what_to_do(open_app, fresh_folders):
    app = open_app("neurons")
    assert not app.exception
    assert any("No photos to look through yet" in info.value for info in app.info)


def test_a_channel_has_patches_classes_and_its_map(open_app, photos):
    app = opened(open_app, photos)
    pages = " ".join(one.proto.body for one in app.main.get("html"))
    assert "Where it is strongest" in pages
    assert pages.count("<figure") >= PHOTOS
    (table,) = app.dataframe
    assert sorted(table.value["Channel"]) == list(range(len(table.value)))


def test_a_question_opens_the_channels_it_counts(open_app, photos):
    app = opened(open_app, photos, layer="conv2d", channel="0")
    (folder,) = (path.parent for path in (paths.cache_folder() / "index").glob("*/index.json"))
    index = PhotoIndex(folder)
    layer = app.select_slider(key="layer").value
    every = np.flatnonzero(fires_for_every_class(index.channels(layer).class_fires))
    button = app.button(key="neurons-every")
    assert button.label == f"{len(every)} {'fires' if len(every) == 1 else 'fire'} for every class"
    assert len(every) > 0
    expected = following(every, app.session_state["channel"])
    assert fine(button.click().run()).session_state["channel"] == expected


def test_a_photo_that_cannot_be_read_is_named_and_the_rest_goes_on(open_app, photos):
    (next(iter(sorted(photos.iterdir()))) / "broken.jpg").write_bytes(b"no photo")
    st.cache_resource.clear()
    app = opened(open_app, photos)
    assert any("broken.jpg" in caption.value for caption in app.caption)
    assert len(app.dataframe) == 1


def test_the_next_channel_is_the_one_behind_and_then_the_first():
    channels = np.array([2, 5, 9])
    assert [following(channels, here) for here in (0, 2, 8, 9)] == [2, 5, 9, 2]
    assert following(np.array([], int), 4) == 4


def test_channels_without_a_selectivity_come_last():
    found = LayerFindings(
        figures=object.__new__(ChannelFigures),
        auc=np.zeros((3, 2)),
        selectivity=np.array([np.nan, 0.2, 0.9]),
        best_class=np.zeros(3, int),
    )
    assert table_order(found).tolist() == [2, 1, 0]
