"""Every view can be taken away: its pictures open, its arrays are there, its code runs."""

from __future__ import annotations

import pytest
from taken_away import Taken, check, taken_away

VIEWS = {
    "zeros": ("activations", "more", "Zeros by depth"),
    "photos": ("activations", "more", "This channel on other photos"),
    "random": ("activations", "more", "Random channels"),
    "methods": ("heat_maps", "compare", "All methods"),
    "classes": ("heat_maps", "compare", "All classes"),
}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    return taken_away(monkeypatch)


@pytest.mark.parametrize("name", VIEWS)
def test_every_tab_gives_a_picture_its_arrays_and_code_that_runs(open_app, taken, name):
    page, tabs, tab = VIEWS[name]
    app = open_app(page)
    app.session_state[tabs] = tab
    app.run()
    assert not app.error
    assert not app.exception
    assert ("png" in taken[f"{name}-export"]) == (name != "zeros")  # a chart has its own button
    check(taken[f"{name}-export"])


def test_the_kernels_can_be_taken_away(open_app, taken):
    app = open_app("filter_patterns", layer="block1_conv", climb_steps="8")
    app.session_state["kernels-open"] = True
    app.run()
    assert not app.exception
    check(taken["kernels-export"])
