"""The house of the design, held up by machine: who may import whom, and how long a text may get.

Everything is read from the syntax tree, so an import inside a function counts like one at the top.
Each checker is a pure function of a path and a source text; the second half of this file shows that
each one can fail.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
OWN_PACKAGES = {"app", "pages", "dashboard", "cnn_core", "tests", "benchmarks"}
ONLY_TENSORFLOW_FOLDER = PurePosixPath("cnn_core/backend")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")

# Layer -> (own packages it may import, packages of others it must not import).
RULES: dict[str, tuple[set[str], set[str]]] = {
    "cnn_core": ({"cnn_core"}, {"streamlit", "plotly"}),
    "dashboard.figures": ({"dashboard.figures", "cnn_core"}, {"streamlit", "keras"}),
    "dashboard": ({"dashboard", "cnn_core"}, {"keras"}),
    "pages": ({"dashboard", "cnn_core"}, {"keras"}),
    "app": ({"dashboard", "cnn_core"}, {"keras"}),
}

Checker = Callable[[PurePosixPath, str], list[str]]


def layer_of(path: PurePosixPath) -> str:
    """The layer that a source file belongs to."""
    if path.parts[:2] == ("dashboard", "figures"):
        return "dashboard.figures"
    return path.stem if len(path.parts) == 1 else path.parts[0]


def imported_modules(path: PurePosixPath, source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every module imported, at any depth and by any means."""
    package = path.parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "__import__",
            "import_module",
            "importlib.import_module",
        }:
            yield from (
                (node.lineno, argument.value)
                for argument in node.args[:1]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def is_within(module: str, packages: set[str]) -> bool:
    """Whether ``module`` is one of ``packages`` or lies inside one."""
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def forbidden_imports(path: PurePosixPath, source: str) -> list[str]:
    """Imports against the one direction pages -> dashboard -> dashboard/figures -> cnn_core."""
    allowed, banned = RULES[layer_of(path)]
    if path.parent != ONLY_TENSORFLOW_FOLDER:
        banned = banned | {"tensorflow", "tf_keras"}
    return [
        f"{path}:{line}: {layer_of(path)} must not import {module}"
        for line, module in imported_modules(path, source)
        if is_within(module, banned) or (is_within(module, OWN_PACKAGES) and not is_within(module, allowed))
    ]


def leftovers(path: PurePosixPath, source: str) -> list[str]:
    """Calls of ``print``, assertions and unfinished remarks."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            found.append(f"{path}:{node.lineno}: assert")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"{path}:{node.lineno}: print")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in {tokenize.COMMENT, tokenize.STRING} and UNFINISHED.search(token.string):
            found.append(f"{path}:{token.start[0]}: unfinished: {token.string.strip()[:60]}")
    return found


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


CHECKERS: tuple[Checker, ...] = (forbidden_imports, leftovers, long_texts, vague_names)


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


def test_all_layers_are_looked_at(project_root: Path) -> None:
    layers = {layer_of(PurePosixPath(path.relative_to(project_root))) for path in source_files(project_root)}
    assert layers == set(RULES)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("cnn_core/probe.py", "import streamlit"),
        ("cnn_core/probe.py", "import plotly.graph_objects as go"),
        ("cnn_core/probe.py", "import tensorflow as tf"),
        ("cnn_core/probe.py", "from tensorflow import raw_ops"),
        ("cnn_core/patterns/backend.py", "import tensorflow"),
        ("cnn_core/probe.py", "from dashboard import figures"),
        ("cnn_core/attribution/saliency.py", "from ...dashboard import resources"),
        ("cnn_core/probe.py", "from importlib import import_module\nimport_module('streamlit')"),
        ("dashboard/figures/grid.py", "import streamlit as st"),
        ("dashboard/figures/grid.py", "from dashboard.choosers import layer_chooser"),
        ("dashboard/figures/grid.py", "from dashboard import choosers"),
        ("dashboard/figures/grid.py", "from .. import choosers"),
        ("dashboard/choosers.py", "import tensorflow"),
        ("dashboard/choosers.py", "from pages import overview"),
        ("pages/overview.py", "import keras"),
        ("pages/overview.py", "import app"),
        ("pages/overview.py", "from pages.heat_maps import draw"),
        ("app.py", "import tensorflow"),
    ],
)
@pytest.mark.parametrize("place", ["top", "function"])
def test_a_forbidden_import_is_caught(path: str, statement: str, place: str) -> None:
    indented = "\n".join(f"    {line}" for line in statement.splitlines())
    source = statement if place == "top" else f"def later():\n{indented}\n"
    assert len(forbidden_imports(PurePosixPath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("cnn_core/backend/graphs.py", "import tensorflow as tf"),
        ("cnn_core/probe.py", "import keras\nfrom cnn_core import backend, results"),
        ("dashboard/figures/grid.py", "import plotly\nfrom cnn_core.results import Prediction"),
        ("dashboard/figures/grid.py", "from dashboard.figures import palettes"),
        ("dashboard/choosers.py", "import streamlit\nfrom dashboard.figures.grid import channel_grid_figure"),
        ("pages/overview.py", "import streamlit as st\nfrom dashboard import resources"),
        ("app.py", "import streamlit as st\nfrom dashboard import sidebar"),
    ],
)
def test_an_import_in_the_right_direction_is_allowed(path: str, statement: str) -> None:
    assert forbidden_imports(PurePosixPath(path), statement) == []


@pytest.mark.parametrize(
    "source", ["print(1)\n", "assert 1\n", "x = 1  # TODO more\n", '"""FIXME later."""\n']
)
def test_a_leftover_is_caught(source: str) -> None:
    assert len(leftovers(PurePosixPath("cnn_core/probe.py"), source)) == 1


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
