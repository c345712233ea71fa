"""The main job in a real browser: open, upload, look, click, change, share, take away."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.needs_chromium
expect.set_options(timeout=30_000)

GRID, OPENED = ".st-key-grid", ".st-key-opened"
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
POLL_MS = 50


def open_page(page: Page, path: str = "/") -> None:
    """Go to a page and wait until it is drawn."""
    page.goto(path)
    page.wait_for_selector("h1")
    page.wait_for_selector(IDLE)


def page_link(page: Page, title: str) -> Locator:
    """The link to a page above every page."""
    return page.get_by_role("navigation", name="Pages").get_by_role("link", name=title, exact=True)


def go(page: Page, title: str) -> None:
    """Choose a page by its name."""
    page_link(page, title).click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page_link(page, title)).to_have_attribute("aria-current", "page")


def picture(page: Page, chart: str) -> str:
    """The picture inside a chart, as its ``data:`` address."""
    image = page.locator(f"{chart} image").first
    image.wait_for(state="attached")
    return image.get_attribute("href") or ""


def wait_for_change(page: Page, read: Callable[[], object], before: object) -> object:
    """What ``read`` gives once it differs from ``before``."""
    for _ in range(400):
        now = read()
        if now != before:
            return now
        page.wait_for_timeout(POLL_MS)
    pytest.fail("Nothing changed.")


def address(page: Page) -> dict[str, str]:
    """The parameters of the address."""
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def slider(page: Page, key: str) -> Locator:
    """The handle of a slider."""
    return page.locator(f".st-key-{key}").get_by_role("slider").first


def grid_export(page: Page, name: str) -> Locator:
    """A button below the grid; the tabs further down have buttons of the same name."""
    return page.locator(".st-key-export-row").get_by_role("button", name=name)


def click_map(page: Page, column: int, row: int, columns: int, rows: int) -> None:
    """Click the middle of a map in the grid."""
    box = page.locator(f"{GRID} .nsewdrag").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (column + 0.5) / columns
    page.mouse.click(x, box["y"] + box["height"] * (row + 0.5) / rows)


def upload(page: Page, files: Any) -> None:
    """Give files to the uploader of the sidebar."""
    button = page.locator('[data-testid="stFileUploaderDropzone"] button')
    expect(button).to_have_count(1)  # what was uploaded before has been taken in
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(files)


def test_the_first_page_shows_a_sample_with_its_answer_and_no_foreign_request(page: Page, server: str):
    foreign: list[str] = []
    page.on(
        "request",
        lambda r: foreign.append(r.url) if not r.url.startswith((server, "data:", "blob:")) else None,
    )
    open_page(page)
    assert page.locator(".answer").inner_text() in ("cats", "dogs", "undecided")
    expect(page.get_by_role("button", name="(chosen)")).to_have_count(1)
    assert page.locator('[data-testid="stImage"] img').count() >= 3
    assert foreign == []


def test_every_page_is_named_on_the_first_screen_and_one_click_away(page: Page):
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page)
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(links).to_have_count(len(list(Path("pages").glob("*.py"))))  # they come a moment after the page
    titles = links.all_inner_texts()
    for title in titles[1:]:
        expect(page_link(page, title)).to_be_in_viewport(ratio=1)
        go(page, title)
    page_link(page, titles[0]).click()
    expect(page.locator(".answer")).to_be_visible()


def test_a_bad_upload_is_told_and_good_ones_are_chosen_and_followed(page: Page, sample_images):
    open_page(page)
    bad = {"name": "note.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    upload(page, bad)
    expect(page.get_by_role("alert").first).to_contain_text("note.jpg")
    expect(page.locator(".answer")).to_be_visible()
    upload(page, [sample_images / "eagle.jpg", sample_images / "horses.jpg"])
    expect(page.get_by_role("button", name="(chosen)")).to_contain_text("horses.jpg")
    expect(page.get_by_role("button", name="eagle.jpg")).to_have_count(1)
    wait_for_change(page, lambda: "photo" in address(page), True)


def test_moving_the_layer_slider_changes_the_grid_and_the_address(page: Page):
    open_page(page, "/activations?layer=block1_conv")
    before = picture(page, GRID)
    slider(page, "layer").focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(page, lambda: picture(page, GRID), before)
    wait_for_change(page, lambda: address(page).get("layer"), "block1_conv")
    assert address(page)["layer"] == "block1_pool"


def test_clicking_a_map_opens_it_large_and_the_arrow_keys_step_on_from_there(page: Page):
    open_page(page, "/activations?layer=block2_conv&channel=0")
    before = picture(page, OPENED)
    click_map(page, 2, 0, columns=4, rows=2)
    wait_for_change(page, lambda: picture(page, OPENED), before)
    expect(page.get_by_text("Channel 2", exact=True)).to_be_visible()
    wait_for_change(page, lambda: address(page).get("channel"), "0")
    assert address(page)["channel"] == "2"
    page.keyboard.press("ArrowRight")
    wait_for_change(page, lambda: address(page).get("channel"), "2")
    assert address(page)["channel"] == "3"
    page.keyboard.press("Shift+ArrowLeft")
    wait_for_change(page, lambda: address(page).get("layer"), "block2_conv")
    assert address(page)["layer"] == "block1_pool"


def test_the_other_of_two_classes_turns_the_values_round_and_keeps_its_colour(page: Page):
    open_page(page, "/heat_maps?class=cats")
    large = page.locator('[data-testid="stImage"] img').first
    expect(large).to_have_attribute("alt", re.compile("for cats"))
    before, scale = large.get_attribute("src"), page.get_by_label("Colour scale from")
    ends = scale.first.get_attribute("aria-label")
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name="dogs").click()
    expect(large).to_have_attribute("alt", re.compile("for dogs"))
    wait_for_change(page, lambda: scale.first.get_attribute("aria-label"), ends)
    assert large.get_attribute("src") == before


def test_a_copied_address_opens_the_same_view(page: Page, context):
    open_page(page, "/activations?layer=block2_conv&channel=3&photo=eagle&scale=common")
    seen, shown = page.url, (picture(page, GRID), picture(page, OPENED))
    other = context.new_page()
    open_page(other, seen)
    assert (picture(other, GRID), picture(other, OPENED)) == shown
    other.close()


def test_the_png_that_is_downloaded_opens_and_the_npz_holds_the_maps(page: Page):
    open_page(page, "/activations?layer=block2_conv")
    with page.expect_download() as download:
        grid_export(page, "PNG").click()
    assert download.value.suggested_filename.endswith(".png")
    with Image.open(download.value.path()) as file:
        assert file.format == "PNG"
        assert min(file.size) > 200
        file.load()
    with page.expect_download() as download:
        grid_export(page, "NPZ").click()
    with np.load(io.BytesIO(download.value.path().read_bytes())) as arrays:
        assert arrays["maps"].shape == (16, 16, 8)


def test_filter_patterns_appear_and_one_can_be_opened(page: Page):
    open_page(page, "/filter_patterns?layer=block1_conv&show=all")
    page.wait_for_selector(".st-key-patterns image", state="attached")
    page.wait_for_selector(".st-key-ascent svg")
    assert wait_for_change(page, lambda: address(page).get("channel"), None) == "0"
