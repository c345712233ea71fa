"""Folders to choose instead of typing, and when one was changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import streamlit as st

from cnn_core.datasets.folders import shown_name
from cnn_core.datasets.found_sets import data_sets_in
from cnn_core.datasets.recent_folders import origin_of
from dashboard.widgets.markdown import escape_markdown

SETS_FOUND = (
    "**{}** holds data sets: choose one. If these are classes, their pictures have to lie directly in them."
)


def offer_folders(folder: str, used: Iterable[str], use: Callable[[str], None], *, key: str) -> bool:
    """Draw the data sets of a folder that holds several, and the data used before, each to be chosen.

    Args:
        folder: that is chosen; nothing while none is.
        used: those used before.
        use: makes another folder the chosen one; in a callback.
        key: of the widgets.

    Returns:
        Whether ``folder`` holds several data sets, and so is none itself.
    """
    sets = [str(path) for path in data_sets_in(Path(folder))] if folder else []
    if sets:
        st.info(
            SETS_FOUND.format(escape_markdown(Path(folder).name or folder)), icon=":material/folder_copy:"
        )
        _offer("Data sets in it", sets, _last_name, use, f"{key}-sets")
    others = [each for each in used if each != folder]
    if others:
        _offer("Used before", others, _short_path, use, key)
    return bool(sets)


def _offer(
    label: str, folders: list[str], name: Callable[[str], str], use: Callable[[str], None], key: str
) -> None:
    st.pills(label, folders, key=key, format_func=name, on_change=_take, args=(key, use))


def _take(key: str, use: Callable[[str], None]) -> None:
    folder = st.session_state.get(key)
    if folder is not None:
        st.session_state[key] = None
        use(folder)


def _last_name(folder: str) -> str:
    return escape_markdown(Path(folder).name)


def _short_path(folder: str) -> str:
    path = Path(folder)
    kind = {"upload": "from a zip", "download": "downloaded"}.get(origin_of(folder))
    return escape_markdown(f"{path.parent.name}/{path.name}" if kind is None else f"{path.name} ({kind})")


def folder_times(folders: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Times of folders and of those two levels deep: they change when a picture comes or goes."""
    found: list[tuple[str, int]] = []
    for folder in folders:
        _add_times(os.path.expanduser(folder), 2, found)
    return tuple(found)


def _add_times(folder: str, depth: int, found: list[tuple[str, int]]) -> None:
    try:
        found.append((shown_name(folder), os.stat(folder).st_mtime_ns))
        with os.scandir(folder) as entries:
            folders = sorted(entry.path for entry in entries if entry.is_dir()) if depth else []
    except OSError:
        return  # whoever reads the pictures says so
    for path in folders:
        _add_times(path, depth - 1, found)
