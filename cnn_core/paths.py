"""Where things lie: the folders of Convscope, each movable by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def models_folder() -> Path:
    """Bundled and trained models; ``CONVSCOPE_MODELS``."""
    return _from_environment("CONVSCOPE_MODELS", PROJECT / "models")


def cache_folder() -> Path:
    """Stored results; ``CONVSCOPE_CACHE``."""
    return _from_environment("CONVSCOPE_CACHE", Path.home() / ".cache" / "convscope")


def samples_folder() -> Path:
    """The pictures that come with Convscope."""
    return PROJECT / "sample_images"


def runs_folder() -> Path:
    """Training runs; ``CONVSCOPE_RUNS``."""
    return _from_environment("CONVSCOPE_RUNS", PROJECT / "runs")


def uploads_folder() -> Path:
    """Models that were uploaded; ``CONVSCOPE_UPLOADS``, a folder or ``session``: kept for a session only."""
    if uploads_end_with_session():
        return cache_folder() / "session_uploads"
    return _from_environment("CONVSCOPE_UPLOADS", PROJECT / "uploads")


def uploads_end_with_session() -> bool:
    """Whether uploaded models are seen by the session alone that brought them, as in a public deployment."""
    return os.environ.get("CONVSCOPE_UPLOADS", "") == "session"


def own_code() -> tuple[Path, ...]:
    """Python files with layers of one's own, for models among ``models``; ``CONVSCOPE_CODE``, as PATH."""
    return tuple(
        Path(part).expanduser() for part in os.environ.get("CONVSCOPE_CODE", "").split(os.pathsep) if part
    )


def data_folder() -> Path | None:
    """A data set to browse, ``SPLIT/CLASS/photo.jpg``; ``CONVSCOPE_DATA``, None when unset or not there."""
    value = os.environ.get("CONVSCOPE_DATA", "")
    folder = Path(value).expanduser()
    return folder if value and os.path.isdir(folder) else None  # no error where it is forbidden


def _from_environment(name: str, default: Path) -> Path:
    value = os.environ.get(name, "")
    return Path(value).expanduser() if value else default
