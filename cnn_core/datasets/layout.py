"""How sets of pictures are usually laid out: names of splits, doubled folders, the class in the file name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from pathlib import PurePath
from typing import TypeVar

P = TypeVar("P", bound=PurePath)
T = TypeVar("T", bound=Hashable)

SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}
SPLIT_SUFFIX = re.compile(r"[ _-]?set$")  # training_set, as Kaggle packs it
NUMBERED = re.compile(r"([^\W\d_]{2,}(?:[ _-][^\W\d_]+)*)[ ._-]*\(?\d+\)?")
# What cameras and programs call a picture, whatever is on it.
CAMERA_NAMES = frozenset("img dsc dscn dscf dcim pict image photo picture frame file scan screenshot".split())
FEWEST_OF_CLASS = 2  # pictures that name a class; one alone may be called anything


def split_named(name: str) -> str | None:
    """Which split a folder of that name holds, ``train``, ``validation`` or ``test``; None for none."""
    short = SPLIT_SUFFIX.sub("", name.lower())
    return next((split for split, names in SPLIT_NAMES.items() if short in names), None)


def class_name(folder_name: str) -> str:
    """The class of a folder: its name with letters and their accents composed, as most systems write them."""
    return unicodedata.normalize("NFC", folder_name)


def without_doubled_levels(path: P) -> P:
    """A path whose folders in a folder of the same name are one: ``test_set/test_set/cats/1.jpg``."""
    *folders, name = path.parts
    once = [part for place, part in enumerate(folders) if place == 0 or part != folders[place - 1]]
    return type(path)(*once, name)


def classes_in_names(pictures: Sequence[P]) -> dict[str, list[P]]:
    """Pictures such as ``cat.0.jpg`` by their class; empty unless all names tell it, of at least two."""
    found = grouped(pictures, [_class_in_name(picture.stem) for picture in pictures])
    fewest = min(map(len, found.values()), default=0)
    if None in found or len(found) < 2 or fewest < FEWEST_OF_CLASS:
        return {}
    return {str(name): found[name] for name in sorted(map(str, found))}


def grouped(values: Iterable[P], keys: Iterable[T]) -> dict[T, list[P]]:
    """Values by their key, each in its order."""
    found: dict[T, list[P]] = defaultdict(list)
    for value, key in zip(values, keys, strict=True):
        found[key].append(value)
    return dict(found)


def _class_in_name(stem: str) -> str | None:
    numbered = NUMBERED.fullmatch(class_name(stem))
    name = None if numbered is None else numbered[1].lower()
    return None if name in CAMERA_NAMES else name
