"""The house of the design, held up by machine: how long a text may get, and what it may be called.

Who may import whom stands in ``pyproject.toml``, and ``make lint`` holds it up. Each checker here is a pure
function of a path and a source text; the second half of this file shows that each one can fail, and so
can the contracts about imports.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}

Checker = Callable[[PurePosixPath, str], list[str]]


def long_texts(path: PurePosixPath, source: str) -> list[str]:
    """A file or a function that nobody can read in one go."""
    found = []
    if source.count("\n") > MAX_FILE_LINES:
        found.append(f"{path} has more than {MAX_FILE_LINES} lines")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                found.append(f"{path}:{node.lineno}: {node.name} has {lines} lines")
    return found


def vague_names(path: PurePosixPath, source: str) -> list[str]:
    """A module or package whose name says nothing about what a person finds in it."""
    names = {part for word in (*path.parent.parts, path.stem) for part in word.split("_")}
    return [f"{path}: named {name}" for name in sorted(names & VAGUE_NAMES)]


CHECKERS: tuple[Checker, ...] = (long_texts, vague_names)


def source_files(root: Path) -> list[Path]:
    """``app.py`` and every module of the three packages."""
    folders = ("cnn_core", "dashboard", "pages")
    return [root / "app.py", *(path for folder in folders for path in sorted((root / folder).rglob("*.py")))]


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.__name__)
def test_the_source_follows_the_design(checker: Checker, project_root: Path) -> None:
    complaints = [
        complaint
        for path in source_files(project_root)
        for complaint in checker(PurePosixPath(path.relative_to(project_root)), path.read_text("utf-8"))
    ]
    assert not complaints, "\n".join(complaints)


PLANTED = {
    "cnn_core/errors.py": "import streamlit",
    "cnn_core/progress.py": "from dashboard.figures import colours",
    "cnn_core/probe/heads.py": "import tensorflow as tf",
    "dashboard/figures/colours.py": "import streamlit as st",
    "dashboard/widgets/style.py": "import keras",
    "dashboard/heat_maps/heat_map.py": "from dashboard.overview import overview",
    "dashboard/session/view.py": "from dashboard.widgets import style",
    "dashboard/session/state.py": "from dashboard.session import photos",
    "dashboard/unlisted/__init__.py": "pass",
}


def test_planted_wrong_imports_are_refused(project_root: Path, tmp_path: Path) -> None:
    for name in ("cnn_core", "dashboard"):
        shutil.copytree(project_root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project_root / "pyproject.toml", tmp_path)
    for path, statement in PLANTED.items():
        planted = tmp_path / path
        planted.parent.mkdir(exist_ok=True)
        with planted.open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef later() -> None:\n    {statement}\n")
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Contracts: 0 kept, 6 broken." in done.stdout
    for path in PLANTED:
        module = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        assert module in done.stdout or f"- .{PurePosixPath(path).stem} -> " in done.stdout, module


def test_a_long_file_and_a_long_function_are_caught() -> None:
    body = "    x = 1\n"
    path = PurePosixPath("cnn_core/probe.py")
    assert long_texts(path, "def f():\n" + body * (MAX_FUNCTION_LINES - 1)) == []
    assert len(long_texts(path, "def f():\n" + body * MAX_FUNCTION_LINES)) == 1
    assert len(long_texts(path, "class A:\n    def f(self):\n" + f"    {body}" * MAX_FUNCTION_LINES)) == 1
    assert long_texts(path, "x = 1\n" * MAX_FILE_LINES) == []
    assert len(long_texts(path, "x = 1\n" * (MAX_FILE_LINES + 1))) == 1


@pytest.mark.parametrize("path", ["cnn_core/utils.py", "cnn_core/helpers/a.py", "dashboard/image_utils.py"])
def test_a_vague_name_is_caught(path: str) -> None:
    assert len(vague_names(PurePosixPath(path), "")) == 1
