"""What tests of runs share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from counted_runs import FAKE, end_processes

from cnn_core.runs.runs import Runs


@pytest.fixture
def runs(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Runs whose processes only count; none is left alive."""
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    found = Runs(tmp_path / "runs", command=FAKE)
    yield found
    end_processes()
