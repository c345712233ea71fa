"""The address in a real browser: one step of Back per thing done, and a link that opens the same view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from test_browser import GRID, IDLE, address, go, open_page, picture, slider, upload, wait_for_change

pytestmark = pytest.mark.needs_chromium

QUIET_MS = 400  # that nothing more comes can only be seen by looking for a while
COUNT_RUNS = """
    window.runsBegun = 0;
    new MutationObserver((changes) => {
        const begun = (node) => node.getAttribute("data-test-script-state") === "running";
        window.runsBegun += changes.filter((change) => begun(change.target)).length;
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
"""


@pytest.fixture(autouse=True)
def runs_counted(page: Page) -> None:
    """Every tab counts the runs of the page that begin."""
    page.add_init_script(COUNT_RUNS)


def settled(page: Page) -> None:
    """Wait until nothing is drawn, no run begins, and the address no longer changes."""
    page.wait_for_function("window.oneStepEach === true")
    page.wait_for_selector(IDLE)
    seen: tuple[str, int] | None = None
    while seen != (now := (page.url, int(page.evaluate("window.runsBegun")))):
        seen = now
        page.wait_for_timeout(QUIET_MS)
        page.wait_for_selector(IDLE)


def settled_after(page: Page, action: Callable[[], object]) -> None:
    """Do something that makes the page run, and wait until that is over, however long it takes to begin."""
    begun = int(page.evaluate("window.runsBegun"))
    action()
    page.wait_for_function("begun => window.runsBegun > begun", arg=begun)
    settled(page)


def steps(page: Page) -> int:
    """How often the Back button can be pressed in this tab."""
    return int(page.evaluate("navigation.currentEntry.index"))


def steps_of(page: Page, action: Callable[[], None]) -> int:
    """How many steps of Back an action makes."""
    before = steps(page)
    settled_after(page, action)
    return steps(page) - before


def move_layer(page: Page, key: str = "ArrowRight") -> None:
    """Move the slider of the layers by one, and wait for its address."""
    before = address(page).get("layer")
    slider(page, "layer").focus()
    page.keyboard.press(key)
    wait_for_change(page, lambda: address(page).get("layer"), before)


def back(page: Page) -> None:
    """Press the Back button once."""
    settled_after(page, lambda: page.evaluate("history.back()"))


def forward(page: Page) -> None:
    """Press the Forward button once."""
    settled_after(page, lambda: page.evaluate("history.forward()"))


def choose_photo(page: Page, place: int) -> None:
    """Click a photo of the sidebar, and wait for its address."""
    before = address(page).get("photo")
    page.locator(f".st-key-photo-photos-{place} button").first.click()
    wait_for_change(page, lambda: address(page).get("photo"), before)


@pytest.mark.parametrize("path", ["/", "/activations", "/heat_maps?class=cats", "/train"])
def test_opening_a_page_with_its_defaults_makes_no_step_of_its_own(page: Page, path: str):
    before = page.url
    open_page(page, path)
    wait_for_change(page, lambda: address(page).get("model"), None)
    settled(page)
    page.evaluate("history.back()")
    wait_for_change(page, lambda: page.url.startswith("http"), True)
    assert page.url == before


@pytest.mark.parametrize("path", ["/activations?layer=block2_conv", "/train"])
def test_opening_a_page_runs_it_once(page: Page, path: str):
    open_page(page, path)  # so that the server is warm
    open_page(page, path)
    wait_for_change(page, lambda: address(page).get("model"), None)
    settled(page)
    assert page.evaluate("window.runsBegun") == 1


def test_one_move_of_a_slider_is_one_press_of_back(page: Page):
    open_page(page, "/activations?layer=block1_conv&channel=1")
    settled(page)
    shown = picture(page, GRID)
    assert steps_of(page, lambda: move_layer(page)) == 1
    assert address(page)["layer"] == "block1_pool"
    back(page)
    assert (address(page)["layer"], address(page)["channel"]) == ("block1_conv", "1")
    assert picture(page, GRID) == shown
    forward(page)
    assert address(page)["layer"] == "block1_pool"


def test_another_photo_is_one_press_of_back(page: Page):
    open_page(page, "/heat_maps")
    settled(page)
    first = address(page)["photo"]
    assert steps_of(page, lambda: choose_photo(page, 2)) == 1
    second = address(page)["photo"]
    back(page)
    assert address(page)["photo"] == first
    expect(page.locator(".st-key-photo-photos-0 button").first).to_contain_text("(chosen)")
    forward(page)
    assert address(page)["photo"] == second
    expect(page.locator(".st-key-photo-photos-2 button").first).to_contain_text("(chosen)")


def test_another_page_is_one_press_of_back_with_its_choices(page: Page):
    open_page(page, "/activations?layer=block1_conv")
    choose_photo(page, 1)
    settled(page)
    assert steps_of(page, lambda: go(page, "Heat maps")) == 1
    assert steps_of(page, lambda: go(page, "Activations")) == 1
    assert address(page)["layer"] == "block1_conv"
    back(page)
    expect(page.locator("h1")).to_have_text("Heat maps")
    back(page)
    expect(page.locator("h1")).to_have_text("Activations")
    assert address(page)["layer"] == "block1_conv"
    back(page)
    assert address(page)["layer"] == "block1_conv"
    expect(page.locator(".st-key-photo-photos-0 button").first).to_contain_text("(chosen)")


def test_back_takes_a_choice_away_that_the_address_before_did_not_have(page: Page):
    open_page(page, "/heat_maps")
    settled(page)
    answer = page.get_by_role("combobox", name="Class").input_value()
    other = {"cats": "dogs", "dogs": "cats"}[answer]
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name=other).click()
    wait_for_change(page, lambda: address(page).get("class"), None)
    settled(page)
    back(page)
    assert "class" not in address(page)
    expect(page.get_by_role("combobox", name="Class")).to_have_value(answer)


def test_back_finds_an_uploaded_photo_again(page: Page, sample_images):
    open_page(page)
    upload(page, sample_images / "eagle.jpg")
    expect(page.get_by_role("button", name="(chosen)")).to_contain_text("eagle.jpg")
    settled(page)
    choose_photo(page, 1)
    settled(page)
    back(page)
    assert "photo" not in address(page)
    expect(page.get_by_role("button", name="(chosen)")).to_contain_text("eagle.jpg")


def test_an_uploaded_photo_outlives_a_reload_until_it_is_forgotten(page: Page, sample_images):
    open_page(page)
    upload(page, sample_images / "eagle.jpg")
    expect(page.get_by_role("button", name="(chosen)")).to_contain_text("eagle.jpg")
    settled(page)
    page.reload()
    expect(page.get_by_role("button", name="(chosen)")).to_contain_text("eagle.jpg")
    page.get_by_role("button", name="Forget my photos").click()
    expect(page.get_by_role("button", name="(chosen)")).not_to_contain_text("eagle.jpg")
    settled(page)
    page.reload()
    settled(page)
    expect(page.get_by_role("button", name="eagle.jpg")).to_have_count(0)


def test_quick_presses_of_the_arrow_keys_all_count(page: Page):
    open_page(page, "/activations?layer=block1_conv&channel=0")
    settled(page)
    page.locator("h1").click()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(slider(page, "channel")).to_have_value("5")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    wait_for_change(
        page, lambda: (address(page)["channel"], address(page)["layer"]) == ("4", "block1_pool"), False
    )


def test_quick_moves_of_a_slider_and_quick_clicks_are_not_taken_back(page: Page):
    open_page(page, "/activations?layer=block1_conv&channel=0")
    settled(page)
    slider(page, "channel").focus()
    for channel in range(1, 6):
        page.keyboard.press("ArrowRight")
        expect(slider(page, "channel")).to_have_value(str(channel))
    wait_for_change(page, lambda: address(page)["channel"] == "5", False)
    settled(page)
    assert address(page)["channel"] == "5"
    expect(slider(page, "channel")).to_have_value("5")
    for place in (1, 2, 3):
        page.locator(f".st-key-photo-photos-{place} button").first.click()
    settled(page)
    expect(page.locator(".st-key-photo-photos-3 button").first).to_contain_text("(chosen)")


@pytest.mark.parametrize(
    ("path", "title", "text"),
    [
        ("/activations", "Random channels", "more=random"),
        ("/heat_maps", "All classes", "compare=classes"),
    ],
)
def test_a_copied_link_opens_the_tab(page: Page, context, path: str, title: str, text: str):
    open_page(page, path)
    settled(page)
    assert steps_of(page, lambda: page.get_by_role("tab", name=title).click()) == 1
    assert text in page.url
    other = context.new_page()
    open_page(other, page.url)
    expect(other.get_by_role("tab", name=title)).to_have_attribute("aria-selected", "true")
    other.close()
    back(page)
    assert text not in page.url
    expect(page.get_by_role("tab", name=title)).to_have_attribute("aria-selected", "false")


def test_a_copied_link_opens_the_box_of_the_raw_kernels(page: Page, context):
    open_page(page, "/filter_patterns?layer=block1_conv")
    page.locator(".st-key-kernels-open summary").click()
    wait_for_change(page, lambda: address(page).get("kernels-open"), None)
    other = context.new_page()
    open_page(other, page.url)
    expect(other.locator(".st-key-kernels image").first).to_be_attached()
    other.close()
