"""A model of one's own, from the file to the pages, and away again."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest
from playwright.sync_api import Page, expect
from test_browser import IDLE, open_page

pytestmark = pytest.mark.needs_chromium

READING_MS = 120_000  # in a process that loads the framework first


def test_a_model_is_refused_or_opens_is_described_and_removed(page: Page, tmp_path: Path) -> None:
    x = keras.Input((24, 24, 3))
    y = keras.layers.GlobalAveragePooling2D()(
        keras.layers.Conv2D(4, 3, activation="relu", name="own_conv")(x)
    )
    keras.Model(x, keras.layers.Dense(3, activation="softmax")(y)).save(tmp_path / "my own.keras")
    keras.Sequential([x, keras.layers.Lambda(lambda v: v * 2.0)]).save(tmp_path / "code.keras")

    open_page(page)
    page.get_by_text("Add a model").click()
    files = page.locator(".st-key-add-model input[type=file]")
    expect(files).to_have_count(1)
    files.set_input_files(tmp_path / "code.keras")
    expect(page.get_by_text("Python code, the Lambda layer").first).to_be_visible(timeout=READING_MS)

    expect(files).to_have_count(1)  # the one that took the last file is gone
    files.set_input_files(tmp_path / "my own.keras")
    describe = page.get_by_text("Describe this model")
    expect(describe).to_be_visible(timeout=READING_MS)
    page.wait_for_selector(IDLE)
    assert "model=my-own" in page.url
    describe.click()
    page.get_by_role("textbox", name="Classes").fill("ants\nbees\ncats")
    page.get_by_role("button", name="Save").click()
    answer = page.get_by_test_id("stMain").get_by_text(re.compile("ants|bees|cats"))
    expect(answer.first).to_be_visible(timeout=READING_MS)

    page.get_by_role("button", name="Remove this model").click()
    expect(describe).to_have_count(0, timeout=READING_MS)
    expect(page.locator(".stException")).to_have_count(0)
