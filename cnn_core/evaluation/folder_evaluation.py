"""How well any model tells the pictures of class folders apart: asked once, remembered from then on."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.cache.store import result_key
from cnn_core.datasets.folders import LabelledFiles
from cnn_core.errors import DataError, InvalidRequestError
from cnn_core.evaluation.file_answers import FileAnswers, file_answers, joined
from cnn_core.evaluation.predictions import Predictions
from cnn_core.files import files_stamp
from cnn_core.probe.heads import Head, check_class, check_head
from cnn_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from cnn_core.explorer import Explorer

GROUP = 128  # files that are answered and remembered together
VERSION = 1  # raised when the same files get other answers
ONE_ANSWER_KINDS = frozenset({"binary", "softmax", "logits"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderRequest:
    """What a model is asked about class folders.

    Attributes:
        model_key: which model.
        files: the pictures of the folders that stand for a class, see ``pictures_of``.
        class_of: index of the class of the model by the name of the folder.
        head: index of the output.
    """

    model_key: str
    files: LabelledFiles
    class_of: Mapping[str, int]
    head: int = 0


def pictures_of(files: LabelledFiles, class_of: Mapping[str, int]) -> LabelledFiles:
    """The files of the folders that stand for a class, in their order."""
    known = [name in class_of for name in files.classes]
    return files.chosen([index for index, label in enumerate(files.labels) if known[label]])


def not_evaluable(head: Head) -> str | None:
    """Why answers of an output cannot be called right or wrong, or None where they can."""
    if head.kind == "regression":
        return "The answer of this network is a number and no class, so no answer is simply right or wrong."
    if head.kind not in ONE_ANSWER_KINDS:
        return (
            "The classes of this network do not exclude one another, and a folder says of its pictures only "
            "one thing that they show, so that no answer is simply right or wrong."
        )
    return None


def evaluable(heads: Sequence[Head]) -> tuple[int, ...]:
    """Which outputs of a model answer with one class."""
    return tuple(index for index, head in enumerate(heads) if not_evaluable(head) is None)


def answers_key(explorer: Explorer, request: FolderRequest) -> str:
    """Name of the answers: equal exactly when model, output and files are the same."""
    return _key(explorer, request, request.files.paths, "file_answers")


def known_answers(explorer: Explorer, key: str) -> FileAnswers | None:
    """What ``answers_of`` would give at once because it is stored under a key, else None."""
    return explorer.results.get(key, FileAnswers)


def answers_of(explorer: Explorer, request: FolderRequest, progress: Progress = SILENT) -> FileAnswers:
    """The answers of a model to all files: the stored ones, or computed now.

    They are computed group by group, and each group is remembered, so that little is lost where somebody
    stops. Files are grouped by chance: what is known on the way is a fair sample.

    Args:
        explorer: opens the model and remembers the answers.
        request: what is asked.
        progress: told the share done, and the answers so far.

    Raises:
        InvalidRequestError: no such output or class, or an output whose answers are not right or wrong.
        DataError: no folder stands for a class, or no file can be read.
        Cancelled: ``progress`` said so.
    """
    _check(explorer, request)
    key = answers_key(explorer, request)
    return explorer.results.get_or_compute(key, FileAnswers, lambda: _computed(explorer, request, progress))


def _computed(explorer: Explorer, request: FolderRequest, progress: Progress) -> FileAnswers:
    paths, fingerprint = request.files.paths, explorer.fingerprint(request.model_key)
    order = np.random.default_rng(0).permutation(len(paths))
    groups = [order[start : start + GROUP] for start in range(0, len(order), GROUP)]
    answers: list[FileAnswers] = []
    for number, group in enumerate(groups):
        part, files = progress.part(number, len(groups)), [paths[index] for index in group]
        key = _key(explorer, request, files, "file_answers_group")
        ask = functools.partial(_asked, explorer, request, fingerprint, files, part)
        answers.append(explorer.results.get_or_compute(key, FileAnswers, ask))
        found = joined(groups, answers)
        part(1.0, found if found.indices.size else None)
    if not found.indices.size:
        raise DataError(
            f"Expected pictures that can be read. Received: none among {len(paths):,} files, the first of "
            f"them {paths[0]}. Name a folder with photos, or look into one of these files."
        )
    return found


def _asked(
    explorer: Explorer, request: FolderRequest, fingerprint: str, paths: Sequence[Path], progress: Progress
) -> FileAnswers:
    model = explorer.model(request.model_key, fingerprint)
    return file_answers(model, paths, request.head, progress)


def _key(explorer: Explorer, request: FolderRequest, paths: Sequence[Path], what: str) -> str:
    return result_key(
        analysis=what,
        version=VERSION,
        model_sha256=explorer.fingerprint(request.model_key),
        params=files_stamp(paths),
        head=request.head,
    )


def labelled(explorer: Explorer, request: FolderRequest, answers: FileAnswers) -> Predictions:
    """Answers with the truth that the folders tell, for ``evaluate``."""
    files, read = request.files, answers.indices.tolist()
    return Predictions(
        probabilities=answers.probabilities,
        labels=np.array([request.class_of[files.classes[files.labels[index]]] for index in read], np.int64),
        paths=tuple(str(files.paths[index]) for index in read),
        classes=explorer.heads(request.model_key)[request.head].class_names,
    )


def _check(explorer: Explorer, request: FolderRequest) -> None:
    heads = explorer.heads(request.model_key)
    check_head(heads, request.head)
    reason = not_evaluable(heads[request.head])
    if reason is not None:
        raise InvalidRequestError(reason)
    for index in request.class_of.values():
        check_class(heads, request.head, index)
    if not request.files.paths:
        raise DataError(
            "Expected pictures in folders called like the classes of the network, "
            f"{', '.join(heads[request.head].class_names[:8])}. Received: none. Say which folder stands for "
            "which class, or name another data folder."
        )
