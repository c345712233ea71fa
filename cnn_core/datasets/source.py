"""Where the pictures of a run come from: folders, and how to divide them where nobody has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cnn_core.datasets.folders import is_utf8, not_utf8
from cnn_core.errors import DataError

SWITCHES = ("keep_non_rgb", "keep_near_duplicates")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """The data of one run, as plain values that go into its folder as JSON.

    Attributes:
        folders: the first holds a folder per class, or ``train``, ``validation`` and ``test`` folders
            that do. Further ones are joined into training: they hold class folders, or a ``train`` folder.
        validation: below 1 the share of the pictures of each class that is set aside for validation, from
            1 on their number. Not used where there is a validation folder.
        test: the same for a test set; 0 makes none.
        seed: chooses which pictures are set aside.
        keep_non_rgb: train on grey, palette, CMYK and transparent pictures too, turned into RGB.
        keep_near_duplicates: train on pictures nearly the same as others too, as a fixed camera takes them.
    """

    folders: tuple[str, ...]
    validation: float = 0.2
    test: float = 0.0
    seed: int = 0
    keep_non_rgb: bool = False
    keep_near_duplicates: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            DataError: no folder, one whose name is not UTF-8, or a share that is negative, not finite or
                leaves nothing to train on.
        """
        object.__setattr__(self, "folders", tuple(str(folder) for folder in self.folders))
        if not self.folders or not all(folder.strip() for folder in self.folders):
            raise DataError(
                "Expected at least one data folder. Received: none. Name a folder with one sub-folder per "
                "class, with --data or in the field of the page."
            )
        for folder in self.folders:
            if not is_utf8(folder):
                raise DataError(not_utf8(Path(folder)))
        for name, value in (("validation", self.validation), ("test", self.test)):
            _check_part(name, value)
        shares = sum(value for value in (self.validation, self.test) if value < 1)
        if shares >= 1:
            raise DataError(
                "Expected shares of validation and test that leave something to train on. "
                f"Received: {self.validation:g} and {self.test:g}. Choose less, e.g. 0.2 and 0.1."
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; ``from_json`` takes them back."""
        return {**asdict(self), "folders": list(self.folders)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DataSource:
        """The source that ``to_json`` wrote down.

        Raises:
            DataError: an unknown or missing field, or a value of another kind.
        """
        kinds: dict[str, Any] = {"folders": (list, tuple), "seed": int, **dict.fromkeys(SWITCHES, bool)}
        known = {each.name for each in fields(cls)}
        if not isinstance(value, Mapping) or "folders" not in value or not set(value) <= known:
            raise DataError(_not_a_source(value))
        for name, entry in value.items():
            number = not isinstance(entry, bool) or name in SWITCHES
            if not (isinstance(entry, kinds.get(name, (int, float))) and number):
                raise DataError(_not_a_source(value))
        if not all(isinstance(folder, str) for folder in value["folders"]):
            raise DataError(_not_a_source(value))
        return cls(**{**value, "folders": tuple(value["folders"])})


def _check_part(name: str, value: float) -> None:
    whole = value < 1 or float(value).is_integer()
    if not (math.isfinite(value) and value >= 0 and whole):
        raise DataError(
            f"Expected {name} as a share below 1 or a whole number of pictures per class. "
            f"Received: {value:g}. Choose e.g. 0.2 or 500."
        )


def _not_a_source(value: object) -> str:
    return (
        f"Expected a data source: folders, validation, test, seed, {', '.join(SWITCHES)}. "
        f"Received: {str(value)[:200]}. Name the data folder again."
    )


def source_name(source: DataSource) -> str:
    """The last folder names of a source, for people; plain text."""
    return " + ".join(Path(folder).name or folder for folder in source.folders)
