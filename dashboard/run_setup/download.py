"""The photos of the lecture from the internet, as data to train on."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from cnn_core.datasets.recent_folders import downloads
from cnn_core.progress import Progress
from dashboard.session.resources import data_jobs
from dashboard.session.state import session
from dashboard.widgets.job_view import Task, result_or_progress

DOWNLOAD_KEY = "download-cats-and-dogs"


def downloaded() -> str:
    """The folder of the downloaded photos, or nothing."""
    ready = downloads() / "cats_and_dogs_filtered"
    return str(ready) if ready.is_dir() else ""


def draw_download() -> None:
    """Say that the photos are there, how far they are, or offer to fetch them."""
    requested = session().data.download_requested
    if requested and not downloaded():
        result_or_progress(
            Task(
                slot="download",
                key=DOWNLOAD_KEY,
                doing="Downloading 68 MB",
                work=functools.partial(_download, downloads()),
                result=str,
                jobs=data_jobs(),
                stays=True,
            )
        )
    if downloaded():
        st.markdown("**cats_and_dogs_filtered**, 2,000 photos to train and 1,000 to validate, is downloaded.")
    elif not requested:
        st.markdown("3,000 photos, 68 MB, from the internet; they are kept in the cache folder of Convscope.")
        st.button("Download", key="download", icon=":material/download:", type="primary", on_click=_request)


def _request() -> None:
    session().data.download_requested = True


def _download(target: Path, progress: Progress) -> str:
    from cnn_core.datasets.download import CATS_AND_DOGS, download

    return str(download(CATS_AND_DOGS, target, progress))
