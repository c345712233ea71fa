"""Every view can be taken away: its files are made, and open."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

VIEWS = {
    "zeros": ("activations", "more", "Zeros by depth"),
    "photos": ("activations", "more", "This channel on other photos"),
    "random": ("activations", "more", "Random channels"),
    "methods": ("heat_maps", "compare", "All methods"),
    "classes": ("heat_maps", "compare", "All classes"),
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bytes, bytes, str]]:
    """What the export rows of a page give, by their key: PNG, NPZ and code."""
    rows: dict[str, tuple[bytes, bytes, str]] = {}

    def row(name, *, png, npz, code, key="export"):
        rows[key] = (png(), npz(), code)

    modules = (
        "activations.feature_maps",
        "activations.tabs",
        "heat_maps.heat_map",
        "heat_maps.comparisons",
        "feature_visualization.kernels",
    )
    for module in modules:
        monkeypatch.setattr(f"dashboard.{module}.export_row", row)
    return rows


@pytest.mark.parametrize("name", VIEWS)
def test_every_tab_gives_a_picture_its_arrays_and_code_that_runs(open_app, made, name):
    page, tabs, tab = VIEWS[name]
    app = open_app(page)
    app.session_state[tabs] = tab
    app.run()
    assert not app.error
    assert not app.exception
    check(made[f"{name}-export"])


def test_the_kernels_can_be_taken_away(open_app, made):
    app = open_app("filter_patterns", layer="block1_conv", climb_steps="8")
    app.session_state["kernels-open"] = True
    app.run()
    assert not app.exception
    check(made["kernels-export"])


def check(files: tuple[bytes, bytes, str]) -> None:
    """The picture opens, the arrays are there, the code can be run."""
    picture, arrays, code = files
    with Image.open(io.BytesIO(picture)) as page:
        assert min(page.size) > 60
        assert len(page.convert("L").getcolors(256) or ()) > 2
    with np.load(io.BytesIO(arrays)) as archive:
        assert all(archive[name].size for name in archive.files)
    exec(compile(code, "snippet", "exec"), {})
