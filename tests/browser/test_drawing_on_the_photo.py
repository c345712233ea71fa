"""A region drawn on the photo with the mouse is changed, and a reloaded page still shows it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.needs_chromium

WAIT_MS = 120_000


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_what_is_drawn_is_changed_and_stays(page: Page, tool: str):
    page.goto(f"/heat_maps?compare=edit&edit-where=drawn&edit-tool={tool}&edit-how=black")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible(timeout=WAIT_MS)
    photo = page.get_by_role("figure", name=re.compile("The photo to draw on")).locator(".nsewdrag")
    expect(photo).to_be_visible(timeout=WAIT_MS)
    photo.scroll_into_view_if_needed()
    box = photo.bounding_box()
    corners = [(0.25, 0.25), (0.75, 0.3), (0.7, 0.75)]
    (x, y), *others = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(x, y)
    page.mouse.down()
    for other in others:
        page.mouse.move(*other, steps=10)
    page.mouse.up()
    expect(page.get_by_text("Real change")).to_be_visible(timeout=WAIT_MS)
    edited = page.get_by_text(re.compile(r"Edited: \d"))
    expect(edited).to_be_visible(timeout=WAIT_MS)
    share = edited.inner_text()
    expect(page).to_have_url(re.compile("edit-drawn="), timeout=WAIT_MS)
    page.reload()
    expect(page.get_by_text(share)).to_be_visible(timeout=WAIT_MS)
