"""Views as files: a PNG with title and scale, an NPZ with the raw arrays."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dashboard.figures.colours import Scale, UInt8, short

PAPER, INK, MUTED = (255, 255, 255), (28, 35, 39), (100, 112, 118)
MARGIN, TITLE_PX, NOTE_PX, BAR_PX = 24, 22, 15, 14
TITLE_LINE_PX = 28
SHORTEST_SIDE_PX = 480
_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "\u2013": "-",
        "\u2026": "...",
        "\u00d7": "x",
        "\u00a0": " ",
        "\u2260": "is not",
        "\n": " ",
    }
)


def view_png(pixels: UInt8, *, title: str, note: str = "", scale: Scale | None = None) -> bytes:
    """A picture on white with its title, a note under it, and its scale with the range.

    Args:
        pixels: ``(H, W, 3)`` or ``(H, W, 4)``, uint8; small ones are enlarged by a whole number.
        title: above the picture, wrapped where it is long.
        note: a line or two of smaller letters below the picture.
        scale: drawn as a bar below the picture, or None for photos.
    """
    picture = on_paper(_large_enough(pixels))
    width = max(picture.width, 420) + 2 * MARGIN
    head = _wrapped(drawable(title), width - 2 * MARGIN, TITLE_PX) or [""]
    lines = _wrapped(drawable(note), width - 2 * MARGIN, NOTE_PX)
    foot = (52 if scale is not None else 0) + 22 * len(lines)
    head_px = TITLE_PX + (len(head) - 1) * TITLE_LINE_PX
    page = Image.new("RGB", (width, picture.height + 3 * MARGIN + head_px + foot), PAPER)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(head):
        draw.text((MARGIN, MARGIN - 4 + number * TITLE_LINE_PX), line, INK, letters(TITLE_PX))
    top = 2 * MARGIN + head_px - 8
    page.paste(picture, (MARGIN, top))
    top += picture.height + 14
    if scale is not None:
        _draw_scale(page, draw, scale, top, picture.width)
        top += 46
    for line in lines:
        draw.text((MARGIN, top), line, MUTED, letters(NOTE_PX))
        top += 22
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def arrays_npz(**arrays: NDArray[np.generic]) -> bytes:
    """Raw arrays as an NPZ file, compressed; ``numpy.load`` reads it without pickle."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def indexed_pixels(indices: UInt8, colours: UInt8) -> UInt8:
    """A palette mosaic as RGBA ``(H, W, 4)``, gaps see-through."""
    return np.dstack([colours[indices], np.where(indices == 0, 0, 255).astype(np.uint8)])


def drawable(text: str) -> str:
    """Text in the letters that Pillow brings along, which lack some signs of the page."""
    return text.translate(_SIGNS)


def _draw_scale(page: Image.Image, draw: ImageDraw.ImageDraw, scale: Scale, top: int, width: int) -> None:
    bar_px = min(width, 360)
    ramp = np.linspace(scale.low, scale.high, bar_px, dtype=np.float32)[None]
    bar = Image.fromarray(np.repeat(scale.colours(ramp), BAR_PX, axis=0))
    page.paste(bar, (MARGIN, top))
    font = letters(NOTE_PX)
    for share, anchor in ((0.0, "la"), (0.5, "ma"), (1.0, "ra")):
        value = scale.low + share * (scale.high - scale.low)
        draw.text(
            (MARGIN + share * bar_px, top + BAR_PX + 4), drawable(short(value)), MUTED, font, anchor=anchor
        )


def _large_enough(pixels: UInt8) -> UInt8:
    factor = max(1, round(SHORTEST_SIDE_PX / max(pixels.shape[:2])))
    return np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)


def on_paper(pixels: UInt8) -> Image.Image:
    """A picture ``(H, W, 3)`` or ``(H, W, 4)`` on white."""
    picture = Image.fromarray(pixels)
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, (*PAPER, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _wrapped(text: str, width: int, size: int) -> list[str]:
    """Lines of words no wider than ``width`` pixels; a word that is wider is broken."""
    lines: list[str] = []
    for word in (part for whole in text.split() for part in _broken(whole, width, size)):
        if lines and letters(size).getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _broken(word: str, width: int, size: int) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and letters(size).getlength(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts


@cache
def letters(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The letters of exported pictures, ``size`` pixels high."""
    return ImageFont.load_default(size)
