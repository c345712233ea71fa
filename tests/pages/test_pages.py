"""Every page with a sample and with an upload: something to see, and never an error."""

from __future__ import annotations

import pytest
from bad_images import GOOD, REFUSED, PictureFile
from streamlit.testing.v1 import AppTest

from dashboard.session.state import KEY

PAGES = [None, "activations", "filter_patterns", "heat_maps"]
TITLES = {
    None: "What the network sees",
    "activations": "Activations",
    "filter_patterns": "Filter patterns",
    "heat_maps": "Heat maps",
}


def complaints(app: AppTest) -> list[str]:
    """Whatever the page says went wrong."""
    return [error.value for error in app.error] + [str(error.value) for error in app.exception]


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Upload files at once and let the app take them in."""
    for name, content in files:
        app.file_uploader[0].upload(name, content)
    return app.run()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_a_sample_at_once(open_app, page):
    app = open_app(page)
    assert complaints(app) == []
    assert app.title[0].value == TITLES[page]
    assert app.query_params["photo"]
    assert app.query_params["model"] in ("tiny", ["tiny"])


@pytest.mark.parametrize("page", PAGES)
def test_every_page_takes_an_uploaded_photo(open_app, photo_bytes, page):
    app = upload(open_app(page), ("Kätzchen 猫.png", photo_bytes))
    assert complaints(app) == []
    assert app.session_state["photo"].startswith("upload-")
    assert "photo" not in app.query_params
    assert any("copied link" in caption.value for caption in app.caption)


def test_two_uploads_at_once_are_both_taken_in(open_app, photo_bytes):
    app = upload(open_app(), ("one.png", photo_bytes), ("two.png", GOOD[0].make()))
    assert len(app.session_state[KEY].own.uploads) == 2
    assert complaints(app) == []


@pytest.fixture(scope="module")
def app_with_upload(open_app, photo_bytes) -> AppTest:
    """The first page after a good upload; bad files leave no trace in it but their sentence."""
    return upload(open_app(), ("good.png", photo_bytes))


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.title)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_lost(app_with_upload, file: PictureFile):
    chosen = app_with_upload.session_state["photo"]
    app = upload(app_with_upload, (file.name, file.make()))
    assert len(app.error) == 1
    assert file.says in app.error[0].value
    assert not app.exception
    assert app.session_state["photo"] == chosen
    assert app.title[0].value == TITLES[None]


def test_a_bad_file_beside_a_good_one_does_not_stop_it(open_app, photo_bytes):
    app = upload(open_app(), ("empty.jpg", b""), ("good.png", photo_bytes))
    assert len(app.error) == 1
    assert len(app.session_state[KEY].own.uploads) == 1


def test_the_complaint_goes_when_another_photo_is_chosen(open_app):
    app = upload(open_app(), ("empty.jpg", b""))
    app.button(key="photo-photos-1").click().run()
    assert complaints(app) == []


def test_a_click_on_a_sample_is_followed_by_everything(open_app):
    app = open_app()
    before = app.query_params["photo"]
    app.button(key="photo-photos-1").click().run()
    assert app.query_params["photo"] != before
    assert complaints(app) == []


def test_forgotten_uploads_are_gone(open_app, photo_bytes):
    app = upload(open_app(), ("good.png", photo_bytes))
    app.button(key="forget").click().run()
    assert app.session_state[KEY].own.uploads == {}
    assert complaints(app) == []


def test_a_file_name_is_shown_as_it_is_not_as_markdown(open_app):
    app = upload(open_app(), ("**[x](http://example.org)**.jpg", b"no picture"))
    assert "\\*\\*\\[x" in app.error[0].value
