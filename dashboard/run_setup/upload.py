"""An uploaded zip of class folders as data to train on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from cnn_core.datasets.recent_folders import last_folder, uploads
from dashboard.session.resources import runs
from dashboard.session.state import session
from dashboard.widgets.errors import deferred_errors, show_deferred_errors
from dashboard.widgets.markdown import escape_markdown

MAX_ARCHIVE_MB = 200  # as much as the server takes, see .streamlit/config.toml


def draw_upload() -> None:
    """Take a zip in and say what became of it."""
    held = session().data
    file = st.file_uploader(
        "Zip of class folders",
        type="zip",
        key=f"zip-{held.zip_turn}",
        max_upload_size=MAX_ARCHIVE_MB,
        help=f"Up to {MAX_ARCHIVE_MB} MB. It holds one folder per class, or train and validation folders.",
    )
    if file is not None:
        with st.spinner("Unpacking …"), deferred_errors("zip"):
            use_upload(_unpacked(file))
            held.zip_name, held.zip_ignored = file.name, _ignored(file)
        held.zip_turn += 1  # an empty uploader frees the memory of the file
        st.rerun()
    show_deferred_errors("zip")
    folder = uploaded()
    if folder:
        name = f"{Path(folder).name}.zip" if held.zip_name is None else held.zip_name
        st.caption(
            f":material/folder_zip: {escape_markdown(name)} is unpacked.{ignored_sentence(held.zip_ignored)}"
        )


def uploaded() -> str:
    """The folder of the unpacked zip of this session, else of the one used last; nothing without any."""
    held = session().data
    if held.zip_folder is None:
        held.zip_folder = last_folder(("upload",)) or None
    return held.zip_folder or ""


def use_upload(folder: str) -> None:
    """Make an unpacked zip the data of this session."""
    held = session().data
    held.zip_folder, held.zip_name, held.zip_ignored = folder, None, 0
    with suppress(OSError):
        os.utime(Path(folder).parent)  # used last


def ignored_sentence(count: int) -> str:
    """That some files of an archive are not trained on, and why; nothing where there are none."""
    if count == 0:
        return ""
    files = "1 file of it is" if count == 1 else f"{count:,} files of it are"
    return f" {files} left out: no pictures, or not directly in a class folder."


def _unpacked(file: Any) -> str:
    from cnn_core.datasets.uploads import unpacked

    in_use = (folder for run in runs().all() for folder in run.source.folders)
    return str(unpacked(file, file.name, uploads(), in_use))


def _ignored(file: Any) -> int:
    """How many files of an uploaded archive are no pictures of a class."""
    from cnn_core.datasets.archives.unpack import contents_of

    return contents_of(file).ignored
