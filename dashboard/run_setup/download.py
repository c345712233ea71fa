"""The photos of the lecture from the internet, as data to train on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from cnn_core.datasets.recent_folders import downloads
from cnn_core.progress import Progress
from dashboard.session.resources import data_jobs, session_name
from dashboard.widgets.job_view import job_progress
from dashboard.widgets.markdown import literal

DOWNLOAD_KEY = "download-cats-and-dogs"


def downloaded() -> str:
    """The folder of the downloaded photos, or nothing."""
    ready = downloads() / "cats_and_dogs_filtered"
    return str(ready) if ready.is_dir() else ""


def draw_download() -> None:
    """Say that the photos are there, how far they are, or offer to fetch them."""
    if downloaded():
        st.markdown("**cats_and_dogs_filtered**, 2,000 photos to train and 1,000 to validate, is downloaded.")
        return
    job = data_jobs().find(DOWNLOAD_KEY)
    if job is not None and session_name() in job.waiting and not job.finished.is_set():
        job_progress(job, "Downloading 68 MB", "download", session_name(), _cancel)
        return
    if job is not None and job.error is not None:
        st.error(literal(job.error, longest=None), icon=":material/cloud_off:")
    st.markdown("3,000 photos, 68 MB, from the internet; they are kept in the cache folder of Convscope.")
    st.button(
        "Download",
        key="download",
        icon=":material/download:",
        type="primary",
        on_click=_start,
        args=(downloads(),),
    )


def _start(target: Path) -> None:
    def work(tell: Callable[[float], None], cancelled: Callable[[], bool]) -> object:
        from cnn_core.datasets.download import CATS_AND_DOGS, download

        return str(
            download(CATS_AND_DOGS, target, Progress(tell=lambda done, _: tell(done), cancelled=cancelled))
        )

    data_jobs().start(DOWNLOAD_KEY, work, session_name())


def _cancel() -> None:
    data_jobs().leave(DOWNLOAD_KEY, session_name())
