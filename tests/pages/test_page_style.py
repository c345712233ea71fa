"""The style of the page: how tables look is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.widgets.style import PAGE


def test_the_look_of_tables_is_said_in_one_file(project_root: Path):
    modules = sorted((project_root / "dashboard").rglob("*.py"))
    saying = [path.name for path in modules if "border-collapse" in path.read_text(encoding="utf-8")]
    assert saying == ["style.py"]


@pytest.mark.parametrize("table", ["counts table", "run-figures", "settings"])
def test_every_table_has_its_look(table: str):
    assert PAGE.count(f".{table} {{") + PAGE.count(f".{table}, ") >= 1
