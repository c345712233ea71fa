"""The data folders that were used last: kept on this computer, because no link names a path."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cnn_core import paths
from cnn_core.datasets.found_sets import is_data_set
from cnn_core.files import read_json, write_json

MOST = 5


def used_folders() -> list[str]:
    """Those to train on that are still there, the one used last first."""
    return _listed("folders")


def evaluated_folders() -> list[str]:
    """Those to evaluate a network on: evaluated on before, to train on, and last that of the environment."""
    known = list(dict.fromkeys([*_listed("evaluated"), *used_folders()]))[:MOST]
    return [folder for folder in dict.fromkeys([*known, _named()]) if folder]


def remember_folder(folder: str) -> None:
    """Put a folder first among those to train on; where that cannot be written it is forgotten."""
    _remember({"folders": _first(folder, used_folders()), "environment": _named()})


def remember_evaluated(folder: str) -> None:
    """The same for a folder that a network is evaluated on: nobody trains on it because of that."""
    _remember({"evaluated": _first(folder, _listed("evaluated"))})


def _listed(name: str) -> list[str]:
    known = read_json(_file()).get(name)
    folders = known if isinstance(known, list) else []
    return [folder for folder in folders if isinstance(folder, str) and os.path.isdir(folder)][:MOST]


def _first(folder: str, others: Sequence[str]) -> list[str]:
    path = os.path.abspath(os.path.expanduser(folder))
    return [path, *(each for each in others if each != path)][:MOST]


def _remember(changes: Mapping[str, object]) -> None:
    before = read_json(_file())
    after = {**before, **changes}
    if before == after:
        return
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), after)


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
