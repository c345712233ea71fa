"""Which class of a network a class folder stands for: by its name, never by a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def matched_classes(folders: Iterable[str], classes: Sequence[str]) -> dict[str, int]:
    """The class that each folder is called like, whatever the case and however accents are written.

    Args:
        folders: names of class folders.
        classes: names of the classes of a network.

    Returns:
        Index of the class by the name of the folder; a folder that is called like none, or like several, is
        left out.
    """
    names = [_plain(name) for name in classes]
    return {folder: names.index(_plain(folder)) for folder in folders if names.count(_plain(folder)) == 1}


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
