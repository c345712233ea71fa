"""The button of a chart saves what is seen, twice as large, on the ground of the page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Download, Locator, Page, expect

from dashboard.figures.theme import LIGHT

pytestmark = pytest.mark.needs_chromium

ALT = "Share of zeros by layer"
WAIT_MS = 120_000


def saved(page: Page, chart: Locator) -> Download:
    """What the camera of the chart gives."""
    with page.expect_download() as download:
        chart.locator(".modebar-btn").click()
    return download.value


def test_the_camera_saves_the_chart_as_a_png_of_twice_its_size_and_as_an_svg(page: Page):
    page.goto("/activations")
    page.wait_for_selector("h1")
    chart = page.get_by_role("figure", name=ALT)
    expect(chart.locator(".modebar-btn")).to_have_count(1, timeout=WAIT_MS)
    expect(chart.locator(".gtitle")).to_have_text("Zeros by depth")
    size = chart.locator(".main-svg").first.evaluate("svg => [svg.clientWidth, svg.clientHeight]")
    picture = saved(page, chart)
    assert picture.suggested_filename.startswith("tiny_")
    assert picture.suggested_filename.endswith("_zeros.png")
    with Image.open(io.BytesIO(Path(picture.path()).read_bytes())) as png:
        assert png.size == pytest.approx([2 * side for side in size], abs=1)
        assert png.convert("RGBA").getpixel((1, 1)) == (*ImageColor.getrgb(LIGHT.ground), 255)
    page.locator("[class*=-format]").first.get_by_text("SVG", exact=True).click()
    expect(chart.locator(".modebar-btn")).to_have_attribute("data-title", "Download plot", timeout=WAIT_MS)
    drawing = saved(page, chart)
    assert drawing.suggested_filename.endswith("_zeros.svg")
    assert Path(drawing.path()).read_text("utf-8").startswith("<svg")
