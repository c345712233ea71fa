"""The sign of Convscope: an eye in a viewfinder."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw

from dashboard.figures.theme import LIGHT

SIDE_PX = 64
FINE = 4  # drawn this much larger, then shrunk


@cache
def icon() -> Image.Image:
    """The sign as a picture of 64 x 64 pixels on a transparent ground.

    Drawn here, since an icon by name would be fetched from the web.
    """
    side = SIDE_PX * FINE
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    line, corner = side // 10, side // 3
    frame = (line, line, side - line, side - line)
    draw.rounded_rectangle(frame, side // 6, outline=LIGHT.accent, width=line)
    for box in ((corner, 0, side - corner, side), (0, corner, side, side - corner)):
        draw.rectangle(box, fill=(0, 0, 0, 0))
    draw.ellipse((corner, corner, side - corner, side - corner), fill=LIGHT.accent)
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
