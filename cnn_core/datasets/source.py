"""Where the pictures of a run come from: folders, and how to divide them where nobody has."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cnn_core.datasets.folders import is_utf8, not_utf8
from cnn_core.errors import DataError
from cnn_core.settings import check_fields, number, switch

AMOUNT = "Below 1 a share of each class, from 1 on a number of pictures per class."


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

    folders: tuple[str, ...] = field(default=(), metadata={"label": "Data"})
    validation: float = number(0.2, "Set aside: validation", AMOUNT, 0, 1e6, 0.05)
    test: float = number(0.0, "Set aside: test", AMOUNT, 0, 1e6, 0.05)
    seed: int = number(0, "Set aside: seed", "Chooses which pictures are set aside.", 0, 2**32 - 1, 1)
    keep_non_rgb: bool = switch(False, "Pictures that are not RGB are kept", "Turned into RGB.")
    keep_near_duplicates: bool = switch(False, "Near-duplicates are kept", "As a fixed camera takes them.")

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            DataError: no folder, one whose name is not UTF-8, a value of another kind or out of range, or
                shares that leave nothing to train on.
        """
        folders = self.folders if isinstance(self.folders, list | tuple) else ()
        object.__setattr__(self, "folders", tuple(map(str, folders)))
        if not self.folders or not all(folder.strip() for folder in self.folders):
            raise DataError(
                "Expected at least one data folder. Received: none. Name a folder with one sub-folder per "
                "class, with --data or in the field of the page."
            )
        for folder in self.folders:
            if not is_utf8(folder):
                raise DataError(not_utf8(Path(folder)))
        check_fields(self, DataError)
        for name, value in (("validation", self.validation), ("test", self.test)):
            if value >= 1 and not float(value).is_integer():
                raise DataError(
                    f"Expected {name} as a share below 1 or a whole number of pictures per class. "
                    f"Received: {value:g}. Choose e.g. 0.2 or 500."
                )
        shares = sum(value for value in (self.validation, self.test) if value < 1)
        if shares >= 1:
            raise DataError(
                "Expected shares of validation and test that leave something to train on. "
                f"Received: {self.validation:g} and {self.test:g}. Choose less, e.g. 0.2 and 0.1."
            )


def source_name(source: DataSource) -> str:
    """The last folder names of a source, for people; plain text."""
    return " + ".join(Path(folder).name or folder for folder in source.folders)
