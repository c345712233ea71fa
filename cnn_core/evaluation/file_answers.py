"""What a model answers to picture files: batch by batch, those that cannot be read left out."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import DataError, ImageError
from cnn_core.images.decode import decode_image, model_pixels, picture_bytes
from cnn_core.models.store import OpenModel
from cnn_core.progress import SILENT, Progress
from cnn_core.results import check_lengths, freeze

BATCH = 32
BATCH_BYTES = 32 * 2**20  # of model inputs: of large pictures fewer are answered at once
PREVIEWS = 20

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
    """Show picture files to a model; memory is taken for one batch at a time, and for the answers.

    The files are shown in an order drawn by chance, so that what is known on the way is a fair sample.

    Args:
        model: that answers.
        paths: of the files, at least one.
        head: index of the output.
        progress: told the share done and now and then the answers so far.

    Raises:
        DataError: no file can be read.
        NotFiniteError: an answer that is no number.
    """
    order = np.random.default_rng(0).permutation(len(paths))
    size = _batch_size(model)
    every = size * max(1, len(paths) // (size * PREVIEWS))
    answers: list[Float] = []
    read: list[int] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(order), size):
            batch = order[start : start + size].tolist()
            pictures = pool.map(functools.partial(_pixels, model), [paths[index] for index in batch])
            found = {i: pixels for i, pixels in zip(batch, pictures, strict=True) if pixels is not None}
            if found:
                read += found
                answers.append(_probabilities(model, list(found.values()), size, head))
            done = start + len(batch)
            show = bool(answers) and start % every == 0
            progress(done / len(order), _gathered(read, answers, order[:done]) if show else None)
    if not answers:
        raise DataError(
            f"Expected pictures that can be read. Received: none among {len(paths):,} files, the first of "
            f"them {paths[0]}. Name a folder with photos, or look into one of these files."
        )
    return _gathered(read, answers, order)


def _batch_size(model: OpenModel) -> int:
    height, width = model.card.input_px
    picture_bytes = 4 * height * width * model.probe.input_shape[2]
    return max(1, min(BATCH, BATCH_BYTES // picture_bytes))


def _pixels(model: OpenModel, path: Path) -> Pixels | None:
    """The picture as the network gets it, before scaling; None where the file holds none."""
    try:
        pixels = decode_image(picture_bytes(path)).pixels
    except (ImageError, OSError):
        return None
    return model_pixels(pixels, model.card.input_px, model.probe.input_shape[2])


def _probabilities(model: OpenModel, pictures: Sequence[Pixels], size: int, head: int) -> Float:
    """The answers to at most ``size`` pictures, ``(n, classes)``."""
    # Filled up, since the network is compiled anew for every other number of pictures.
    filled = np.stack([*pictures, *[pictures[-1]] * (size - len(pictures))])  # (size, H, W, c)
    scores = model.probe.scores(model.card.preprocessing.apply(filled))[head]
    return model.probe.heads[head].probabilities(scores[: len(pictures)])


def _gathered(read: Sequence[int], answers: Sequence[Float], shown: NDArray[np.int64]) -> FileAnswers:
    """The answers in the order of the files."""
    indices = np.array(read, np.int64)
    order = np.argsort(indices)
    return FileAnswers(
        indices=indices[order],
        probabilities=np.concatenate(answers)[order],
        unread=np.setdiff1d(shown, indices),
    )
