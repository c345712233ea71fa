"""A network trained for real, from the browser: choose photos, start, watch, cancel, resume, open it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from test_browser import IDLE, address, open_page, wait_for_change
from tiny_photos import write_tiny_photos

from cnn_core.runs.runs import Runs

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(900)]

PATIENCE_MS = 120_000  # a process starts, measures and compiles while other tests use the processor
SETTINGS = (
    "preset=lecture_baseline&set_epochs=60&set_batch_size=4&set_input_size_px=48&set_precision=float32"
    "&set_checkpoint_count=2"
)


@pytest.fixture
def runs() -> Iterator[Runs]:
    """The runs that the dashboard of the tests sees; none is left going on."""
    found = Runs(Path(os.environ["CONVSCOPE_RUNS"]))
    yield found
    for run in found.all():
        if run.is_alive:
            found.stop(run.key, "cancelled")
    until(lambda: not any(run.is_alive for run in found.all()))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """80 photos to train on and 24 to validate."""
    return write_tiny_photos(tmp_path / "photos", training=40, validation=12)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is the case."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def chip(page: Page, word: str) -> None:
    """Wait until the run is said to be in a state."""
    expect(page.locator(".run-head .chip")).to_have_text(word, timeout=PATIENCE_MS)


def curve(page: Page) -> str:
    """The lines of the chart as they are drawn."""
    paths = page.locator('[class*="st-key-curves-"] path.js-line')
    # All at one moment, since the chart is drawn anew meanwhile.
    return str(paths.evaluate_all("lines => lines.map(line => line.getAttribute('d')).join(' ')"))


def start_training(page: Page, photos: Path, settings: str) -> None:
    """Choose the photos, and start with the settings of an address."""
    page.set_default_timeout(PATIENCE_MS)
    open_page(page, f"/train?section=data&{settings}")
    page.locator(".st-key-data-folder input").fill(str(photos))
    page.keyboard.press("Enter")
    expect(page.get_by_text("104 files looked into")).to_be_visible(timeout=PATIENCE_MS)
    assert str(photos) not in page.url
    page.locator(".st-key-section").get_by_text("Settings").click()
    page.get_by_role("button", name="Start training").click()


def test_a_network_is_trained_watched_cancelled_resumed_and_opened(page: Page, photos: Path, runs: Runs):
    start_training(page, photos, SETTINGS)
    chip(page, "training")
    key = str(wait_for_change(page, lambda: address(page).get("run"), None))
    expect(page.locator(".st-key-sidebar-cancel")).to_be_visible()
    until(lambda: len(runs.view(key).history) >= 2)
    before = wait_for_change(page, lambda: curve(page), "")
    wait_for_change(page, lambda: curve(page), before)

    page.locator(".st-key-run-cancel button").first.click()
    chip(page, "cancelled")
    kept = runs.view(key).history
    assert 2 <= len(kept) < 60
    expect(page.locator(".st-key-sidebar-start")).to_be_visible()

    page.locator(".st-key-run-resume button").first.click()
    chip(page, "finished")
    assert runs.view(key).history[: len(kept)] == kept
    assert len(runs.view(key).history) == 60
    expect(page.get_by_text("60 of 60 epochs").first).to_be_visible()

    page.get_by_role("link", name="Open in Activations").click()
    expect(page.locator("h1")).to_have_text("Activations")
    page.wait_for_selector(IDLE)
    expect(page.locator(".st-key-grid image").first).to_be_attached()
    assert address(page)["model"] == key
    expect(page.get_by_role("combobox", name="Model")).to_have_value("Wide and plain, over-fits")


def test_a_run_goes_on_without_its_page_and_the_sidebar_of_others_shows_it(
    page: Page, context, photos: Path, runs: Runs
):
    start_training(page, photos, SETTINGS.replace("60", "500"))
    page.wait_for_selector(".run-head")
    page.close()

    other = context.new_page()
    other.set_default_timeout(PATIENCE_MS)
    open_page(other, "/heat_maps")
    expect(other.get_by_text(re.compile(r"Epoch \d+ of 500"))).to_be_visible(timeout=PATIENCE_MS)
    other.locator(".st-key-sidebar-cancel button").first.click()
    until(lambda: runs.all()[0].state == "cancelled")
    expect(other.locator(".st-key-sidebar-start")).to_be_visible(timeout=PATIENCE_MS)
    other.close()
