"""What a network answers when it is shown pictures in each of the usual ways, to tell which one is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core.images.preprocessing import Preprocessing
from cnn_core.probe.probe import Probe
from cnn_core.progress import SILENT, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The answers to some pictures in one way.

    Attributes:
        answers: the most probable class of the first output for each picture, or its value.
        probabilities: of these, 0..1; None where the output is a number.
    """

    answers: tuple[str, ...]
    probabilities: tuple[float, ...] | None


def tried(
    probe: Probe,
    pictures: Sequence[NDArray[np.uint8]],
    ways: Mapping[str, Preprocessing],
    progress: Progress = SILENT,
) -> dict[str, Tried]:
    """Ask in each way.

    Args:
        probe: the network.
        pictures: as it takes them, ``(H, W, c)``, before scaling.
        ways: by name.
        progress: told the share that is done.
    """
    found, head = {}, probe.heads[0]
    for number, (name, way) in enumerate(ways.items()):
        progress(number / len(ways))
        scores = np.concatenate([probe.scores(way.apply(picture)[None])[0] for picture in pictures])
        best = scores.argmax(axis=1)
        if head.kind == "regression":
            found[name] = Tried(answers=tuple(f"{value:.3g}" for value in scores[:, 0]), probabilities=None)
            continue
        probabilities = head.probabilities(scores)
        found[name] = Tried(
            answers=tuple(head.class_names[index] for index in best),
            probabilities=tuple(float(row[index]) for row, index in zip(probabilities, best, strict=True)),
        )
    progress(1.0)
    return found
