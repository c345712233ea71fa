"""What the export bars of a page give when they are clicked."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image

Taken = dict[str, dict[str, Any]]


def taken_away(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """What makes the files of each bar, ``png`` and ``npz``, and its ``code``; filled as a page is drawn."""
    taken: Taken = {}
    bars: list[str] = []

    def button(label: str, data: Callable[[], bytes], *, key: str, **_: object) -> None:
        bar, _, kind = key.rpartition("-")
        bars.append(bar)
        taken[bar] = {**taken.get(bar, {}), kind: data, "code": None}

    def code(text: str, **_: object) -> None:
        if bars and taken[bars[-1]]["code"] is None:
            taken[bars[-1]]["code"] = text

    monkeypatch.setattr(st, "download_button", button)
    monkeypatch.setattr(st, "code", code)
    return taken


def check(files: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The code runs and makes the picture again, if it is none of a chart, which opens and shows something.

    Returns:
        The arrays, and the variables that the code has made.
    """
    scope: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        exec(compile(files["code"].replace("with open('", f"with open('{folder}/"), "view", "exec"), scope)
        written = [path.read_bytes() for path in Path(folder).iterdir()]
    if "png" in files:
        content = files["png"]()
        with Image.open(io.BytesIO(content)) as page:
            assert min(page.size) > 60
            assert len(page.convert("L").getcolors(256) or ()) > 2
        assert written == [content]
    with np.load(io.BytesIO(files["npz"]())) as archive:
        arrays = {name: archive[name] for name in archive.files}
    assert all(values.size for name, values in arrays.items() if not name.startswith("problem_"))
    return arrays, scope
