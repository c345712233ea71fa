"""Every view to take away: a picture, the raw arrays, and the lines that make it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from dashboard.figures.colours import Scale, UInt8
from dashboard.figures.files.page_png import arrays_npz, view_png
from dashboard.session.photos import Photo
from dashboard.widgets.chart import chart_format

MIME_TYPES = {"png": "image/png", "npz": "application/octet-stream", "csv": "text/csv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a view gives away. Nothing is made before it is asked for.

    Attributes:
        name: of the files, without suffix.
        title: above the picture.
        note: below it.
        image: gives the picture, ``(H, W, 3)`` or ``(H, W, 4)``, uint8; None for a chart, whose own button
            makes its file.
        scale: drawn below the picture, or None for pictures without one.
        arrays: gives the raw arrays by name.
        table: gives the same for spreadsheets, as CSV; None where there is nothing to put into lines.
        code: Python that makes the view with ``cnn_core`` alone.
    """

    name: str
    title: str = ""
    note: str = ""
    image: Callable[[], UInt8] | None = None
    scale: Scale | None = None
    arrays: Callable[[], Mapping[str, NDArray[Any]]]
    table: Callable[[], str] | None = None
    code: str

    def png(self) -> bytes:
        """The picture with its title, note and scale.

        Raises:
            ValueError: there is no picture.
        """
        if self.image is None:
            raise ValueError("Expected a view with a picture. Received one without.")
        return view_png(self.image(), title=self.title, note=self.note, scale=self.scale)

    def npz(self) -> bytes:
        """The raw arrays as a file of NumPy."""
        return arrays_npz(**self.arrays())


def export_bar(export: Export, key: str = "export") -> None:
    """Buttons for the picture and the arrays, which are made when clicked, and the code.

    A chart has a button for its picture on itself: in its place is the choice of its format.

    Args:
        export: what there is to take away.
        key: of the widgets; one per view on a page.
    """
    with st.container(horizontal=True, gap="small", key=f"{key}-row"):
        if export.image is None:
            chart_format(f"{key}-format")
        else:
            _download("PNG", export.png, export.name, key, "image", "The picture with its title and scale.")
        _download("NPZ", export.npz, export.name, key, "data_array", "The raw arrays, for NumPy.")
        if export.table is not None:
            _download("CSV", export.table, export.name, key, "table", "A line per picture, for spreadsheets.")
        with st.popover("Code", icon=":material/code:", help="The Python that makes this view again."):
            st.code(export.code, language="python")


def _download(label: str, make: Callable[[], bytes | str], name: str, key: str, icon: str, text: str) -> None:
    suffix = label.lower()
    st.download_button(
        label,
        make,
        file_name=f"{name}.{suffix}",
        mime=MIME_TYPES[suffix],
        key=f"{key}-{suffix}",
        on_click="ignore",
        icon=f":material/{icon}:",
        help=text,
    )


def file_name(*parts: object) -> str:
    """A file name from words and numbers, safe on every system."""
    text = "_".join(str(part) for part in parts if part is not None)
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in text
    )


def own_photo_note(photo: Photo) -> str:
    """What stands behind the line that reads a photo that only this person has."""
    return "" if photo.shareable else "the photo is yours: put the path of its file here"
