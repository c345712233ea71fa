"""What a model answers to picture files, those that cannot be read left out.

Memory is taken for one batch of pictures at a time, and for the answers.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import ImageError
from cnn_core.images.decode import decode_image, model_pixels, picture_bytes
from cnn_core.models.store import OpenModel
from cnn_core.progress import SILENT, Progress
from cnn_core.results import check_lengths, freeze

BATCH = 32
THREADS = min(8, os.cpu_count() or 1)  # each decodes a picture, which may be large
BATCH_BYTES = 32 * 2**20  # of model inputs: of large pictures fewer are answered at once

Float = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileAnswers:
    """Probabilities of the classes of one output, for some files.

    Attributes:
        indices: ``(n,)``, rising, which of the files were read.
        probabilities: ``(n, classes)``, 0..1, of these.
        unread: ``(m,)``, rising, which of the files hold no picture that can be read.
    """

    indices: NDArray[np.int64]
    probabilities: Float
    unread: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the arrays."""
        freeze(self, 1, "indices", "unread", dtype=np.int64)
        freeze(self, 2, "probabilities")
        check_lengths({name: len(getattr(self, name)) for name in ("indices", "probabilities")})


def file_answers(
    model: OpenModel, paths: Sequence[Path], head: int = 0, progress: Progress = SILENT
) -> FileAnswers:
    """Show picture files to a model, batch by batch.

    Args:
        model: that answers.
        paths: of the files.
        head: index of the output.
        progress: told the share done.

    Raises:
        NotFiniteError: an answer that is no number.
    """
    size = _batch_size(model)
    answers = [np.empty((0, len(model.probe.heads[head].class_names)), np.float32)]
    read: list[int] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(paths), size):
            pictures = pool.map(functools.partial(_pixels, model), paths[start : start + size])
            found = {start + place: pixels for place, pixels in enumerate(pictures) if pixels is not None}
            if found:
                read += found
                answers.append(_probabilities(model, list(found.values()), size, head))
            progress(min(1.0, (start + size) / len(paths)))
    indices = np.array(read, np.int64)
    return FileAnswers(
        indices=indices,
        probabilities=np.concatenate(answers),
        unread=np.setdiff1d(np.arange(len(paths)), indices),
    )


def joined(groups: Sequence[NDArray[np.int64]], answers: Sequence[FileAnswers]) -> FileAnswers:
    """The answers to the first groups of files as those to files.

    Args:
        groups: indices of the files of each group.
        answers: to each group, or to the first ones, at least one.
    """
    pairs = list(zip(groups, answers, strict=False))
    indices = np.concatenate([group[found.indices] for group, found in pairs])
    order = np.argsort(indices)
    return FileAnswers(
        indices=indices[order],
        probabilities=np.concatenate([found.probabilities for found in answers])[order],
        unread=np.sort(np.concatenate([group[found.unread] for group, found in pairs])),
    )


def _batch_size(model: OpenModel) -> int:
    height, width = model.card.input_px
    bytes_each = 4 * height * width * model.probe.input_shape[2]
    return max(1, min(BATCH, BATCH_BYTES // bytes_each))


def _pixels(model: OpenModel, path: Path) -> Pixels | None:
    """The picture as the network gets it, before scaling; None where the file holds none."""
    try:
        pixels = decode_image(picture_bytes(path)).pixels
    except (ImageError, OSError):
        return None
    card = model.card
    return model_pixels(pixels, card.input_px, model.probe.input_shape[2], card.preprocessing.fit)


def _probabilities(model: OpenModel, pictures: Sequence[Pixels], size: int, head: int) -> Float:
    """The answers to at most ``size`` pictures, ``(n, classes)``."""
    # Filled up, since the network is compiled anew for every other number of pictures.
    filled = np.stack([*pictures, *[pictures[-1]] * (size - len(pictures))])  # (size, H, W, c)
    scores = model.probe.scores(model.card.preprocessing.apply(filled))[head]
    return model.probe.heads[head].probabilities(scores[: len(pictures)])
