"""Little data sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from photo_folders import class_folders


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four photos per class and split, no two alike."""
    class_folders(tmp_path / "data" / "train", first_seed=0)
    class_folders(tmp_path / "data" / "validation", first_seed=100)
    class_folders(tmp_path / "data" / "test", first_seed=200)
    return tmp_path / "data"
