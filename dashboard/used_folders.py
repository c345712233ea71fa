"""The data folders that were used last: kept on this computer, because no link names a path."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from cnn_core import places
from cnn_core.files import write_json

MOST = 5


def used_folders() -> list[str]:
    """Those that are still there, the one used last first."""
    try:
        folders = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    known = folders if isinstance(folders, list) else []
    return [folder for folder in known if isinstance(folder, str) and os.path.isdir(folder)][:MOST]


def remember_folder(folder: str) -> None:
    """Put a folder first; where that cannot be written it is forgotten."""
    before = used_folders()
    path = os.path.abspath(os.path.expanduser(folder))
    if before[:1] == [path]:
        return
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), [path, *(each for each in before if each != path)][:MOST])


def _file() -> Path:
    return places.cache_folder() / "used_folders.json"
