"""A network evaluated on a folder in a browser: the way from a path to the heat map of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from test_browser import IDLE, address, open_page, wait_for_change
from tiny_photos import write_tiny_photos

pytestmark = pytest.mark.needs_chromium


def test_from_the_path_of_a_folder_to_the_heat_map_of_a_mistake(page: Page, tmp_path: Path) -> None:
    photos = write_tiny_photos(tmp_path / "pets", training=12, validation=8)
    (photos / "validation" / "cats").rename(photos / "validation" / "Katzen")
    (photos / "validation" / "dogs").rename(photos / "validation" / "Hunde")
    open_page(page, "evaluation")
    folder = page.get_by_role("textbox", name="Data folder")
    folder.fill(str(photos))
    folder.press("Enter")
    expect(page.get_by_text("Nothing in this folder is called like a class of the network")).to_be_visible()
    for name, chosen in (("Katzen", "cats"), ("Hunde", "dogs")):
        page.wait_for_selector(IDLE)
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)  # the end of a job draws anew
        page.get_by_role("combobox", name=f"{name} (8)").click()
        page.get_by_role("option", name=chosen).click()
        expect(page.get_by_text(f"{name} (8) as {chosen}")).to_be_visible()
    expect(page.get_by_text("of 16 pictures")).to_be_visible()
    assert wait_for_change(page, lambda: address(page).get("eval_as_Hunde"), None) == "dogs"
    assert str(photos) not in page.url
    mistake = page.locator(".st-key-mistake-0 button").first
    expect(mistake).to_be_visible()
    name = mistake.inner_text().splitlines()[-1]
    mistake.click()
    expect(page.get_by_role("heading", name="Heat maps")).to_be_visible()
    assert address(page)["model"] == "tiny"
    expect(page.get_by_role("button", name=name)).to_be_visible()
