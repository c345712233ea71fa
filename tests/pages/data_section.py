"""The section Data as a test sees it: its words, and a scan waited for."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard.run_setup.data_choice import FOLDER

PATIENCE_SECONDS = 60


def said(app: AppTest) -> str:
    """All words and pictures of the page, one after the other."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.success, app.error)
    return " ".join([element.value for kind in kinds for element in kind] + htmls(app))


def htmls(app: AppTest) -> list[str]:
    """The pieces of HTML on the page."""
    return [element.proto.body for element in app.get("html")]


def scanned(app: AppTest) -> AppTest:
    """Run the page until the scan is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(button.key == "scan-cancel" for button in app.button):
        assert time.monotonic() < deadline, "the scan does not end"
        time.sleep(0.1)
        app.run()
    return app


def with_folder(app: AppTest, folder: Path) -> AppTest:
    return scanned(app.text_input(key=FOLDER).set_value(str(folder)).run())


def with_zip(app: AppTest, content: bytes, name: str = "photos.zip") -> AppTest:
    app.segmented_control(key="origin").set_value("upload").run()
    uploader = next(each for each in app.file_uploader if each.label == "Zip of class folders")
    uploader.upload(name, content)
    return scanned(app.run())
