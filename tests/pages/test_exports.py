"""Every view can be taken away: its pictures open, its arrays are there, its code runs."""

from __future__ import annotations

import pytest
from taken_away import check, taken_away


@pytest.mark.parametrize(
    ("page", "opened", "bars"),
    [
        (None, {}, ["export"]),
        ("activations", {"more": "Zeros by depth"}, ["export", "zeros-export"]),
        ("activations", {"more": "This channel on other photos"}, ["photos-export"]),
        ("activations", {"more": "Random channels"}, ["random-export"]),
        ("activations", {"more": "Block by block"}, ["blocks-export"]),
        ("heat_maps", {"compare": "All methods"}, ["export", "methods-export"]),
        ("heat_maps", {"sharpness": "own"}, ["export"]),
        ("heat_maps", {"compare": "All classes"}, ["classes-export"]),
        ("heat_maps", {"compare": "All layers"}, ["layers-export"]),
        ("heat_maps", {"compare": "All photos"}, ["photos-export"]),
        ("heat_maps", {"compare": "Channels"}, ["channels-export"]),
        ("heat_maps", {"compare": "Edit and retest"}, ["edit-export"]),
        ("heat_maps", {"compare": "Edit and retest", "evidence": "positive"}, ["edit-export"]),
        ("filter_patterns", {"kernels-open": True}, ["export", "kernels-export"]),
        ("filter_patterns", {"blocks-open": True}, ["blocks-export"]),
    ],
)
def test_every_view_gives_its_files_and_code_that_runs(open_app, monkeypatch, page, opened, bars):
    taken = taken_away(monkeypatch)
    app = open_app(page)
    for key, value in opened.items():
        app.session_state[key] = value
    app.run()
    assert not app.error
    assert not app.exception
    for bar in bars:
        assert ("png" in taken[bar]) == (bar != "zeros-export")  # a chart has its own button
        check(taken[bar])
