"""An uploaded zip of class folders as data to train on: unpacked once, kept while there is room or a need."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from cnn_core.datasets.recent_folders import last_folder, uploads
from dashboard.session.resources import runs
from dashboard.widgets.errors import remembered_errors, tell_errors
from dashboard.widgets.markdown import literal

MAX_ARCHIVE_MB = 200  # as much as the server takes, see .streamlit/config.toml
KEPT_UPLOADS = 4  # unpacked ones without a run


def draw_upload() -> None:
    """Take a zip in and say what became of it."""
    turn = st.session_state.setdefault("_zip_turn", 0)
    file = st.file_uploader(
        "Zip of class folders",
        type="zip",
        key=f"zip-{turn}",
        max_upload_size=MAX_ARCHIVE_MB,
        help=f"Up to {MAX_ARCHIVE_MB} MB. It holds one folder per class, or train and validation folders.",
    )
    if file is not None:
        with st.spinner("Unpacking …"), remembered_errors("zip"):
            use_upload(str(unpacked(file)))
            st.session_state["_data_upload_name"] = file.name
            st.session_state["_data_upload_ignored"] = left_out(file)
        st.session_state["_zip_turn"] = turn + 1  # an empty uploader frees the memory of the file
        st.rerun()
    tell_errors("zip")
    folder = uploaded()
    if folder:
        name = st.session_state.get("_data_upload_name", f"{Path(folder).name}.zip")
        ignored = st.session_state.get("_data_upload_ignored", 0)
        st.caption(f":material/folder_zip: {literal(name)} is unpacked.{ignored_sentence(ignored)}")


def uploaded() -> str:
    """The folder of the unpacked zip of this session, else of the one used last; nothing without any."""
    if "_data_upload" not in st.session_state:
        folder = last_folder(("upload",))
        if folder:
            st.session_state["_data_upload"] = folder
    return str(st.session_state.get("_data_upload", ""))


def use_upload(folder: str) -> None:
    """Make an unpacked zip the data of this session."""
    for key in ("_data_upload_name", "_data_upload_ignored"):
        st.session_state.pop(key, None)
    st.session_state["_data_upload"] = folder
    with suppress(OSError):
        os.utime(Path(folder).parent)  # used last


def left_out(file: Any) -> int:
    """How many files of an uploaded archive are no pictures of a class."""
    from cnn_core.datasets.archives.unpack import look_into

    file.seek(0)
    return look_into(file).ignored


def ignored_sentence(count: int) -> str:
    """That some files of an archive are not trained on, and why; nothing where there are none."""
    if count == 0:
        return ""
    files = "1 file of it is" if count == 1 else f"{count:,} files of it are"
    return f" {files} left out: no pictures, or not directly in a class folder."


def unpacked(file: Any) -> Path:
    """The folder of an uploaded archive, unpacked once for each content and name.

    Raises:
        DataError: no zip, hostile, too large, or without class folders.
    """
    from cnn_core.datasets.archives.unpack import unpack_class_folders

    shelf = uploads() / hashlib.file_digest(file, "sha256").hexdigest()[:16]
    file.seek(0)
    folder = shelf / folder_name(getattr(file, "name", ""))
    if not folder.is_dir():
        _make_room(uploads())
        unpack_class_folders(file, folder)
    os.utime(shelf)  # used last, so that the next one does not make room of it
    return folder


def folder_name(archive: str) -> str:
    """What the folder of an archive is called: as the archive, as far as any file system takes that."""
    return re.sub(r"[^\w -]", "_", Path(archive).stem).strip(" _")[:60] or "photos"


def _make_room(shelves: Path) -> None:
    """Remove the uploads unused longest, but none that a run was trained on."""
    needed = {Path(folder).parent for run in runs().all() for folder in run.source.folders}
    unused = [path for path in shelves.glob("[!.]*") if path not in needed]
    for path in sorted(unused, key=lambda path: path.stat().st_mtime)[: 1 - KEPT_UPLOADS or None]:
        shutil.rmtree(path, ignore_errors=True)
