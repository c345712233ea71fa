"""Where the cases of public bug reports lie, on machines that have them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def cases_folder(project_root: Path) -> Path:
    """The folder of the cases; the test is skipped where there is none."""
    folder = project_root.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("no folder with cases of bug reports")
    return folder
