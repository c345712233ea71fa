"""Whether runs were validated on the same validation photos; figures of different ones make no order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnn_core.datasets.source import source_name
from cnn_core.files import nested
from cnn_core.models.card import finished_model_metadata
from cnn_core.training.diagnosis.task import picture_counts

if TYPE_CHECKING:
    from cnn_core.datasets.source import DataSource
    from cnn_core.runs.run_view import RunView

MOST_CLASSES = 4  # that are named
NO_ORDER = "so their accuracies and losses do not tell which network is the better one"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationSet:
    """What a run was validated on.

    Attributes:
        source: its data.
        counts: number of its pictures by class; empty where that is not known yet.
        fingerprint: of the list of its files, None before the network is saved.
    """

    source: DataSource
    counts: Mapping[str, int]
    fingerprint: str | None

    def is_that_of(self, other: ValidationSet) -> bool:
        """Whether both are the same photos, by the best that is known of both."""
        if self.counts and other.counts and self.counts != other.counts:
            return False
        if self.fingerprint is not None and other.fingerprint is not None:
            return self.fingerprint == other.fingerprint
        # Further folders are trained on only.
        mine, theirs = (replace(one.source, folders=one.source.folders[:1]) for one in (self, other))
        return mine == theirs

    def describe(self) -> str:
        """Number, data and classes, as ``1,000 photos of pets (cats, dogs)``."""
        name, classes = source_name(self.source), list(self.counts)
        if not classes:
            return f"photos of {name}"
        count = sum(self.counts.values())
        listed = ", ".join(classes) if len(classes) <= MOST_CLASSES else f"{len(classes)} classes"
        return f"{count:,} {'photo' if count == 1 else 'photos'} of {name} ({listed})"


def validation_set(run: RunView) -> ValidationSet:
    """What a run was validated on."""
    card = finished_model_metadata(run.folder)
    fingerprint = nested(card, "data", "validation").get("file_list_sha256")
    return ValidationSet(
        source=run.source,
        counts=picture_counts(run.folder, "validation"),
        fingerprint=fingerprint if isinstance(fingerprint, str) else None,
    )


def apart_words(runs: Sequence[RunView], titles: Sequence[str]) -> str:
    """That runs were validated on different photos, and which on what; empty where all are the same.

    Args:
        runs: that are compared; those without a finished epoch have not been validated.
        titles: a name of its own for each.
    """
    groups: list[tuple[ValidationSet, list[str]]] = []
    for run, title in zip(runs, titles, strict=True):
        if run.history:
            validated = validation_set(run)
            group = next((names for one, names in groups if one.is_that_of(validated)), [])
            if not group:
                groups.append((validated, group))
            group.append(title)
    if len(groups) < 2:
        return ""
    describe = "; ".join(
        f"{', '.join(f'“{name}”' for name in names)}: {validated.describe()}" for validated, names in groups
    )
    return f"These runs were judged on different validation photos, {NO_ORDER}. {describe}."
