"""Which class of a network a class folder stands for: by its name, never by a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from cnn_core.datasets.factors import factor_values


def matched_classes(folders: Iterable[str], classes: Sequence[str], head: str = "") -> dict[str, int]:
    """The class that each folder is called like, whatever the case and however accents are written.

    Args:
        folders: names of class folders.
        classes: names of the classes of an output of a network.
        head: name of that output; for ``length`` a folder ``length=15px,colour=red`` is a ``15px``.

    Returns:
        Index of the class by the name of the folder; a folder that is called like none, or like several, is
        left out.
    """
    names = [_plain(name) for name in classes]
    called = {folder: _plain(_value(folder, head)) for folder in folders}
    return {folder: names.index(name) for folder, name in called.items() if names.count(name) == 1}


def _value(folder: str, head: str) -> str:
    """What a folder says for an output: its value where it tells one, else its whole name."""
    values = {_plain(factor): value for factor, value in factor_values(folder).items()}
    return values.get(_plain(head), folder)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
