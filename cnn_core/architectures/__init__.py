"""The networks that Convscope can train, by key. A new one is a file, a line here, and a preset."""

from __future__ import annotations

from cnn_core.architectures import transfer
from cnn_core.architectures.architecture import Architecture, Plan
from cnn_core.architectures.photo_cnn import DIGITS, LINE_HEADS, LINES, PHOTO
from cnn_core.architectures.stacks import ARTICLE, LECTURE, REPORT
from cnn_core.errors import DataError

__all__ = ["ARCHITECTURES", "Architecture", "Plan", "architecture_named"]

ARCHITECTURES = (
    LECTURE.architecture(),
    ARTICLE.architecture(),
    REPORT.architecture(),
    PHOTO.architecture(),
    transfer.ARCHITECTURE,
    DIGITS.architecture(),
    LINES.architecture(),
    LINE_HEADS.architecture(),
)


def architecture_named(key: str) -> Architecture:
    """The architecture with that key.

    Raises:
        DataError: there is none.
    """
    for architecture in ARCHITECTURES:
        if architecture.key == key:
            return architecture
    raise DataError(f"Expected one of {', '.join(a.key for a in ARCHITECTURES)}. Received: {key!r}.")
