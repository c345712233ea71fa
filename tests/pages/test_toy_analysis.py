"""A new analysis, written in one place, is on the page with form, progress, preview, Cancel and export."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from taken_away import check, taken_away
from toy_analysis import TOY

from cnn_core import attribution
from dashboard.widgets import job_view


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The toy among the methods; it ends as soon as the event is set."""
    event = threading.Event()

    def slow(probe, target, settings, progress):
        result = TOY.compute(probe, target, settings, progress)
        while not event.wait(0.01):
            progress(0.5, result)
        return result

    toy = dataclasses.replace(TOY, compute=slow)
    monkeypatch.setattr(attribution, "METHODS", (*attribution.METHODS, toy))
    yield event
    event.set()


def test_the_toy_is_chosen_set_and_taken_away(open_app, go_on, monkeypatch):
    taken = taken_away(monkeypatch)
    go_on.set()
    app = open_app("heat_maps")
    app.selectbox(key="method").set_value("toy").run()
    app.slider(key="toy_masks").set_value(4).run()
    assert not app.error
    assert not app.exception
    assert any(TOY.summary in caption.value for caption in app.caption)
    said = next(caption.value for caption in app.caption if "no exact value" in caption.value)
    assert "task_alt" not in said
    assert app.query_params["toy_masks"] in ("4", ["4"])
    arrays, made = check(taken["export"])
    assert np.array_equal(arrays["values"], made["result"].values)


def test_the_toy_shows_its_progress_with_a_preview_and_can_be_cancelled(open_app, go_on, monkeypatch):
    monkeypatch.setattr(job_view, "QUICK_SECONDS", 1)
    app = open_app("heat_maps", method="toy", toy_masks="2")
    assert app.get("progress")
    assert any("Random masks" in image.proto.imgs[0].alt for image in app.get("image"))
    app.button(key="heat-map-cancel").click().run()
    assert not app.get("progress")
    go_on.set()
    monkeypatch.setattr(job_view, "QUICK_SECONDS", 10)
    app.button(key="heat-map-again").click().run()
    assert app.get("download_button")
    assert not app.error
