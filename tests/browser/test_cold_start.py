"""A server that has just started shows what it has, in a real browser."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_chromium


def test_the_photo_is_there_while_the_framework_loads_and_no_script_is_named(page, cold_server: str) -> None:
    page.goto(cold_server)
    page.locator('[data-testid="stMain"]:has(.room) img[alt^="The photo"]').wait_for()
    assert page.locator('[data-testid="stSidebarNav"]').count() == 0
    page.locator(".answer").wait_for()
    page.locator(".room.picture").wait_for(state="detached")
