"""Rows of small pictures with words beneath them, as one element of the page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.figures.pictures.mosaic import data_uri
from dashboard.session.photo import photo_file

SIDE_PX = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """A picture with what stands beneath it.

    Attributes:
        jpeg: the file.
        alt: what there is to see.
        caption: plain text, may be empty.
        marked: framed in the accent colour.
    """

    jpeg: bytes
    alt: str
    caption: str = ""
    marked: bool = False


def pictures_html(pictures: Sequence[Captioned], *, columns: int, longest_px: int | None = None) -> str:
    """Pictures side by side, ``columns`` in a row.

    Args:
        pictures: in reading order.
        columns: pictures in a row.
        longest_px: limit of the width of one picture, for those that gain nothing from more.
    """
    width = "1fr" if longest_px is None else f"minmax(0,{longest_px}px)"
    cells = "".join(_figure(picture) for picture in pictures)
    return (
        f'<div class="row-of-pictures" style="grid-template-columns:repeat({columns},{width})">{cells}</div>'
    )


def _figure(picture: Captioned) -> str:
    caption = f"<figcaption>{html.escape(picture.caption)}</figcaption>" if picture.caption else ""
    kind = ' class="marked"' if picture.marked else ""
    source = data_uri(picture.jpeg, "jpeg")
    return (
        f'<figure{kind}><img src="{source}" alt="{html.escape(picture.alt, quote=True)}">{caption}</figure>'
    )


def small_picture(path: Path) -> bytes:
    """The middle square of a picture file, as a small JPEG.

    Raises:
        ImageError: the file holds none.
        OSError: the file cannot be read.
    """
    return photo_file(path, key=str(path), title=path.name, shown_path=str(path)).thumbnail(SIDE_PX)
