"""The dashboard in a real browser: time to the first view, slider moves, memory after much use."""

from __future__ import annotations

import io
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from benchmarks.app_server import Server, running_server
from benchmarks.record import Record, emit
from benchmarks.subject import Options, options
from benchmarks.traffic import Traffic

BROWSER_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run --disable-extensions"
).split()
SHELL = "section[data-testid='stSidebar'] h3, h1"
# The answer, the heat map, and a card of every layer of the strip, all pictures decoded.
FIRST_VIEW = """() => {
  const ready = image => image.complete && image.naturalWidth > 0;
  const heat = [...document.querySelectorAll('img[alt^="Heat map"]')];
  const cards = [...document.querySelectorAll('img[alt^="Four maps"]')];
  const answered = document.querySelector('.answer') !== null;
  return answered && heat.length && cards.length >= 4 && [...heat, ...cards].every(ready);
}"""
# From the key press to two frames after the grid shows another picture, decoded.
NEXT_GRID = """() => {
  const shown = () => {
    const image = document.querySelector('.st-key-grid-box image');
    return image && (image.getAttribute('href') || image.getAttribute('xlink:href'));
  };
  const before = shown();
  window.nextGrid = new Promise(resolve => {
    document.addEventListener('keydown', () => {
      const begun = performance.now();
      const check = () => {
        const now = shown();
        if (!now || now === before) return requestAnimationFrame(check);
        const picture = new Image();
        picture.onload = () => requestAnimationFrame(
          () => requestAnimationFrame(() => resolve(performance.now() - begun)));
        picture.src = now;
      };
      check();
    }, {capture: true, once: true});
  });
}"""
PAGES_READY = {
    "": ".answer",
    "activations": ".st-key-grid-box image",
    "heat_maps": "img[alt^='Grad-CAM']",
    "filter_patterns": ".st-key-patterns-box image",
}
WAIT_MS = 180_000
OPENINGS = 3
TELL_EVERY = 100  # analyses are three per photo: answer, heat map, activations


def main() -> None:
    """Measure."""
    chosen = options()
    with tempfile.TemporaryDirectory() as cache, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_ARGUMENTS)
        with running_server(Path(cache)) as server:
            tell_openings("server just started", [opening(browser, server)])
            tell_openings("server warm", [opening(browser, server) for _ in range(OPENINGS)])
            slider_moves(browser, server)
            memory(browser, server, chosen)
        browser.close()


def opening(browser: Browser, server: Server) -> tuple[float, float]:
    """Seconds from opening the address to the frame of the page, and to the first view complete."""
    page = new_page(browser)
    begun = time.perf_counter()
    page.goto(server.url, wait_until="commit")
    page.locator(SHELL).first.wait_for(timeout=WAIT_MS)
    shell_seconds = time.perf_counter() - begun
    page.wait_for_function(FIRST_VIEW, timeout=WAIT_MS)
    view_seconds = time.perf_counter() - begun
    page.context.close()
    return shell_seconds, view_seconds


def tell_openings(when: str, seconds: list[tuple[float, float]]) -> None:
    """Emit the medians of some openings."""
    for what, values in zip(("page shell", "first view"), zip(*seconds, strict=True), strict=True):
        tell(f"{what}, {when}", statistics.median(values), "s")


def slider_moves(browser: Browser, server: Server) -> None:
    """Step the layer slider to its end and back."""
    page = new_page(browser)
    traffic = Traffic(page)
    page.goto(f"{server.url}/activations")
    page.locator(PAGES_READY["activations"]).wait_for(timeout=WAIT_MS)
    thumb = page.locator(".st-key-layer input[type=range]")
    steps = int(thumb.get_attribute("max") or 0)
    thumb.focus()
    moves: dict[str, list[float]] = {"new picture seen, ms": [], "server, ms": [], "received, kB": []}
    for key in ["Home"] + steps * ["ArrowRight"] + steps * ["ArrowLeft"]:
        traffic.settle()
        traffic.clear()
        page.evaluate(NEXT_GRID)
        thumb.press(key)
        waited_ms = page.evaluate("window.nextGrid")
        traffic.settle()
        if key != "Home" and traffic.server_ms is not None:
            figures = (waited_ms, traffic.server_ms, traffic.received_bytes / 1000)
            for values, figure in zip(moves.values(), figures, strict=True):
                values.append(figure)
    page.context.close()
    for what, values in moves.items():
        name, unit = what.split(", ")
        tell(f"slider move, {name}, median", statistics.median(values), unit)
        tell(f"slider move, {name}, largest", max(values), unit)


def memory(browser: Browser, server: Server, chosen: Options) -> None:
    """Resident memory after every page, and after many uploads of new photos."""
    page = new_page(browser)
    for name, ready in PAGES_READY.items():
        page.goto(f"{server.url}/{name}")
        page.locator(ready).first.wait_for(timeout=WAIT_MS)
    page.goto(server.url)
    page.wait_for_function(FIRST_VIEW, timeout=WAIT_MS)
    before_mb = server.memory_mb()
    tell("memory after all pages", before_mb, "MB")
    with Image.open(chosen.photo) as photo:
        for number in range(chosen.photos):
            upload(page, f"photo {number}.jpg", variation(photo, number))
            if (number + 1) % TELL_EVERY == 0 or number + 1 == chosen.photos:
                tell(f"memory grown after {number + 1} more photos", server.memory_mb() - before_mb, "MB")
    page.context.close()


def upload(page: Any, name: str, content: bytes) -> None:
    """Give the dashboard a new photo and wait until it is the one that is shown."""
    page.set_input_files(
        "[data-testid=stFileUploader] input[type=file]",
        files=[{"name": name, "mimeType": "image/jpeg", "buffer": content}],
    )
    page.locator(f"img[alt='The photo: {name}']").wait_for(timeout=WAIT_MS)
    page.wait_for_function(FIRST_VIEW, timeout=WAIT_MS)


def variation(photo: Image.Image, number: int) -> bytes:
    """The photo with a square of its own colour in a corner, as JPEG: new to every cache."""
    pixels = np.array(photo.convert("RGB"))
    pixels[:32, :32] = np.random.default_rng(number).integers(0, 256, 3)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def new_page(browser: Browser) -> Any:
    """A page of a visitor who was never here before."""
    return browser.new_context(viewport={"width": 1280, "height": 800}).new_page()


def tell(what: str, value: float, unit: str) -> None:
    """Emit a figure."""
    emit(Record(who="dashboard", what=what, value=value, unit=unit))


if __name__ == "__main__":
    main()
