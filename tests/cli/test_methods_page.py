"""The page of the documentation that is written from the analyses."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core.cli.methods_page import methods_page


def test_the_page_in_docs_is_the_current_one(project_root: Path) -> None:
    """If not: python -m cnn_core.cli.methods_page > docs/methods.md."""
    assert (project_root / "docs" / "methods.md").read_text(encoding="utf-8") == methods_page()


@pytest.mark.usefixtures("toy")
def test_a_new_analysis_is_described_with_its_settings() -> None:
    page = methods_page()
    assert "### Random masks" in page
    assert "| Masks | `masks` | 16 | 2 to 512 |" in page
