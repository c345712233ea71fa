"""The answers of a network to the pictures of a folder: the stored ones, or their progress."""

from __future__ import annotations

from collections.abc import Callable

from cnn_core.evaluation.file_answers import FileAnswers
from cnn_core.evaluation.folder_evaluation import FolderRequest, answers_key, answers_of, known_answers
from dashboard.session.resources import explorer
from dashboard.widgets.job_view import Task, result_or_progress


def answers_or_progress(
    request: FolderRequest,
    *,
    slot: str,
    doing: str,
    preview: Callable[[FileAnswers | None], None] | None = None,
) -> FileAnswers | None:
    """The answers, or None while their progress is drawn.

    Args:
        request: what is asked.
        slot: the part of the page that waits; names its widgets.
        doing: what is done, for people.
        preview: draws the answers so far.
    """
    key = answers_key(explorer(), request)
    return result_or_progress(
        Task(
            slot=slot,
            key=key,
            doing=doing,
            work=lambda progress: answers_of(explorer(), request, progress),
            result=FileAnswers,
            known=lambda: known_answers(explorer(), key),
            preview=preview,
        )
    )
