"""The commands of the README, as somebody pastes them into a shell."""

from __future__ import annotations

import re
from pathlib import Path


def test_no_setting_holds_signs_that_a_shell_reads_as_a_pattern(project_root: Path) -> None:
    settings = re.findall(r"--set ([^`\n]+)", (project_root / "README.md").read_text(encoding="utf-8"))
    assert settings
    for setting in settings:
        assert not re.search(r"[][*?{}()]", re.sub(r"'[^']*'", "", setting)), setting
