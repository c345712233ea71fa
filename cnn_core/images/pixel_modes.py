"""From a picture in any of Pillow's modes to upright RGB pixels, a band of rows at a time.

Pillow keeps four bytes per RGB pixel and copies at every conversion; working in bands keeps a
picture of 64 megapixels below 400 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

KEPT_PIXELS = 8_000_000  # more than a page ever shows; larger photos are averaged down
BAND_PIXELS = 4_000_000
WHITE = (255, 255, 255)
FULL_RANGES = ((0.0, 1.0), (0.0, 255.0))  # of numbers with a fraction
USUAL_BITS = (8, 10, 12, 14, 16)  # that cameras, microscopes and scanners write into 16
EXIF_ORIENTATION = 0x0112

Bounds = tuple[float, float]
Pixels = NDArray[np.uint8]


class Upright(NamedTuple):
    """``(H, W, 3)`` pixels, and what was done to the values of the file: a sentence, or nothing."""

    pixels: Pixels
    note: str


# What turns the stored rows and columns upright, by the orientation of EXIF 2.32, section 4.6.4.
UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored[::-1].swapaxes(0, 1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: stored[:, ::-1].swapaxes(0, 1),
}


def upright_rgb(picture: Image.Image) -> Upright:
    """Load the current frame of a picture as 8-bit RGB.

    Transparency is laid on white, orientation is applied. Whole numbers of more than 8 bits count as 8, 10,
    12, 14 or 16 bits, by the largest of them, so that pictures of one camera are nearly always treated alike;
    numbers with a fraction keep 0..1 or 0..255 if they lie in it. Else lowest and highest become black and
    white; NaN and minus infinity are black. Colour profiles are not applied. A picture of more than 8
    megapixels is averaged down to 2 to 8.

    Args:
        picture: opened, not yet loaded; its size already checked.
    """
    width, height = picture.size
    factor = _shrink_factor(width * height)
    picture.draft(None, (width // factor, height // factor))  # JPEG can decode small at once
    picture.load()
    bounds = _value_range(picture) if picture.mode in ("I", "F") or _has_16_bits(picture) else None
    pixels = _rgb(picture, _shrink_factor(picture.width * picture.height), bounds)
    turn = UPRIGHT.get(orientation(picture))
    return Upright(pixels if turn is None else turn(pixels), _note(picture.mode, bounds))


def _has_16_bits(picture: Image.Image) -> bool:
    return picture.mode.startswith("I;16")


def _note(mode: str, bounds: Bounds | None) -> str:
    expected = [(0.0, 65535.0), *(FULL_RANGES if mode in ("I", "F") else ())]
    if bounds is None or bounds in expected:
        return ""
    low, high = bounds
    return f"The values of this file from {low:,.6g} to {high:,.6g} are shown as black to white."


def _shrink_factor(pixels: int) -> int:
    """Smallest whole number of pixels per side to average so that few enough remain."""
    return int(np.ceil(np.sqrt(pixels / KEPT_PIXELS)))


def orientation(picture: Image.Image) -> int:
    """How a picture is to be turned, 1 to 8 as in EXIF; 1 for not at all."""
    try:
        return int(picture.getexif().get(EXIF_ORIENTATION, 1))
    except Exception:  # damaged EXIF is no reason to refuse a picture, and raises anything at all
        return 1


def _rgb(picture: Image.Image, factor: int, bounds: Bounds | None) -> Pixels:
    """RGB pixels of a loaded picture, averaged over squares of ``factor`` pixels."""
    width, height = -(-picture.width // factor), -(-picture.height // factor)
    pixels = np.empty((height, width, 3), np.uint8)
    for top, band in _bands(picture, factor):
        rgb = _flattened(band, bounds)
        rows = np.asarray(rgb if factor == 1 else rgb.reduce(factor))
        pixels[top // factor : top // factor + len(rows)] = rows
    return pixels


def _bands(picture: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """First row and picture of each band; a whole number of squares high."""
    rows = max(1, BAND_PIXELS // picture.width // factor) * factor
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _flattened(band: Image.Image, bounds: Bounds | None) -> Image.Image:
    """A band as RGB."""
    if _has_16_bits(band) and bounds == (0.0, 65535.0):
        return Image.fromarray((np.asarray(band) >> 8).astype(np.uint8)).convert("RGB")
    if bounds is not None:
        return Image.fromarray(_scaled(np.asarray(band), *bounds)).convert("RGB")
    if band.has_transparency_data:
        layer = band.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*WHITE, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return band.convert("RGB")


def _value_range(picture: Image.Image) -> Bounds:
    """Values of a picture of more than 8 bits that become black and white."""
    low, high = np.inf, -np.inf
    for _, band in _bands(picture):
        values = np.asarray(band)
        finite = values[np.isfinite(values)]
        if finite.size > 0:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    whole = [(0.0, float(2**bits - 1)) for bits in USUAL_BITS]
    ranges = FULL_RANGES if picture.mode == "F" else whole
    return next((bounds for bounds in ranges if bounds[0] <= low and high <= bounds[1]), (low, high))


def _scaled(values: NDArray[Any], low: float, high: float) -> Pixels:
    span = high - low if high > low else 1.0
    shares = (np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low) - low) / span
    return np.rint(shares * 255).astype(np.uint8)
