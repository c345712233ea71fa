"""The data folders that were used last: kept on this computer, because no link names a path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cnn_core import paths
from cnn_core.datasets.found_sets import is_data_set
from cnn_core.files import read_json, write_json

MOST = 5


def used_folders() -> list[str]:
    """Those that are still there, the one used last first."""
    known = read_json(_file()).get("folders")
    folders = known if isinstance(known, list) else []
    return [folder for folder in folders if isinstance(folder, str) and os.path.isdir(folder)][:MOST]


def remember_folder(folder: str) -> None:
    """Put a folder first; where that cannot be written it is forgotten."""
    before = used_folders()
    path = os.path.abspath(os.path.expanduser(folder))
    metadata = {"folders": [path, *(each for each in before if each != path)][:MOST], "environment": _named()}
    if read_json(_file()) == metadata:
        return
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), metadata)


def last_folder(origins: Sequence[str] = ("folder", "download", "upload")) -> str:
    """What a session trains on in which nothing was chosen: the data used last, if they can be trained on.

    The folder of the environment comes first until another one is used: whoever names one there means it.

    Args:
        origins: kinds of data to look among.

    Returns:
        A folder; where none can be trained on, one that is there at least; else nothing.
    """
    named = _named()
    used = [folder for folder in used_folders() if origin_of(folder) in origins]
    if named and "folder" in origins:
        used = [*used, named] if read_json(_file()).get("environment") == named else [named, *used]
    usable = (folder for folder in used if is_data_set(Path(folder)))
    return next(usable, named if "folder" in origins else "") or next(iter(used), "")


def downloads() -> Path:
    """Where downloaded data sets lie."""
    return paths.cache_folder() / "datasets" / "download"


def uploads() -> Path:
    """Where unpacked zips lie, each in a folder of its own."""
    return paths.cache_folder() / "datasets" / "uploads"


def origin_of(folder: str) -> str:
    """``upload`` for an unpacked zip, ``download`` for a downloaded set, else ``folder``."""
    above = [os.path.abspath(path) for path in Path(os.path.abspath(folder)).parents]
    if os.path.abspath(uploads()) in above:
        return "upload"
    return "download" if os.path.abspath(downloads()) in above else "folder"


def _named() -> str:
    return str(paths.data_folder() or "")


def _file() -> Path:
    return paths.cache_folder() / "used_folders.json"
