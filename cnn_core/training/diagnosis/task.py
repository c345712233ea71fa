"""What a run is to learn, as far as its curves must be read by it: its classes, and how its loss counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from cnn_core.files import nested, read_json
from cnn_core.models.card import finished_model_metadata
from cnn_core.training.run_folder import CONFIG_FILE, SCAN_FILE
from cnn_core.training.settings.config import CLASS_WEIGHTS

UNWEIGHTED = CLASS_WEIGHTS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run is to learn.

    Attributes:
        training, validation: how many pictures of each class there are; what counts is their shares.
        label_smoothing, class_weights: as in ``TrainingConfig``.
    """

    training: tuple[int, ...] = (1, 1)
    validation: tuple[int, ...] = (1, 1)
    label_smoothing: float = 0.0
    class_weights: str = UNWEIGHTED

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.training)

    @property
    def unbalanced(self) -> bool:
        """Whether some class is more common than another."""
        return len(set(self.training)) > 1 or len(set(self.validation)) > 1

    @property
    def weighted(self) -> bool:
        """Whether rare classes count more in the training, so that it does not go for many right answers."""
        return self.class_weights != UNWEIGHTED and len(set(self.training)) > 1

    @property
    def losses_compare(self) -> bool:
        """Whether training and validation loss are the same figure: validation knows only plain targets."""
        return self.label_smoothing == 0 and not self.weighted

    @property
    def lowest_loss(self) -> float:
        """Of the training in nats: the entropy of its targets, 0 without label smoothing."""
        rest = self.label_smoothing / self.classes
        targets = (1 - self.label_smoothing + rest, *[rest] * (self.classes - 1))
        return -math.fsum(share * math.log(share) for share in targets if share > 0)


TWO_CLASSES = Task()


def guessed(counts: tuple[int, ...]) -> float:
    """Share of pictures that one and the same answer gets right, 0..1: that of the commonest class."""
    return max(counts) / sum(counts)


def task_of(folder: Path) -> Task:
    """Read the task of a run from its folder, whose files are not trusted.

    Where they do not tell, there are two classes with as many pictures, and the plain settings.
    """
    settings = nested(read_json(folder / CONFIG_FILE), "config")
    training, validation = (
        tuple(picture_counts(folder, part).values()) for part in ("training", "validation")
    )
    training = training or TWO_CLASSES.training
    smoothing = settings.get("label_smoothing", 0.0)
    usable = isinstance(smoothing, int | float) and 0 <= smoothing < 1
    return Task(
        training=training,
        validation=validation if len(validation) == len(training) else (1,) * len(training),
        label_smoothing=float(smoothing) if usable else 0.0,
        class_weights=str(settings.get("class_weights", UNWEIGHTED)),
    )


def picture_counts(run_folder: Path, part: str) -> dict[str, int]:
    """Pictures of each of at least two classes, by its name, from the scan of a run, else from its card.

    Empty where neither tells them; ``part`` is ``training``, ``validation`` or ``test``.
    """
    scanned = nested(read_json(run_folder / SCAN_FILE), "counts", part)
    card = finished_model_metadata(run_folder)
    for counts in (scanned, nested(card, "data", part, "pictures")):
        whole = all(isinstance(count, int) and count >= 0 for count in counts.values())
        if len(counts) > 1 and whole and any(counts.values()):
            return counts
    return {}
