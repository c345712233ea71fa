"""Every view to take away: a picture, the raw arrays, and the lines that make it again."""

from __future__ import annotations

import re
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


WHERE_TO_RUN = "# In the folder of Convscope: .venv/bin/python view.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a view gives away. Nothing is made before it is asked for.

    Attributes:
        name: of the files, without suffix.
        title: above the picture.
        note: below it.
        image: gives the picture, ``(H, W, 3)`` or ``(H, W, 4)``, uint8; None for a chart, whose own button
            makes its file.
        chart: whether there is a chart, where there is no picture.
        scale: drawn below the picture, or None for pictures without one.
        arrays: gives the raw arrays by name.
        table: gives the same for spreadsheets, as CSV; None where there is nothing to put into lines.
        code: Python that computes what the view shows.
        drawing: Python that goes on from there and makes the picture, in a variable ``picture``, and the
            scale below it, in ``scale``; for views with a picture.
    """

    name: str
    title: str = ""
    note: str = ""
    image: Callable[[], UInt8] | None = None
    chart: bool = True
    scale: Scale | None = None
    arrays: Callable[[], Mapping[str, NDArray[Any]]]
    table: Callable[[], str] | None = None
    code: str
    drawing: str = ""

    @property
    def script(self) -> str:
        """Python that makes the view again, the file of its picture too."""
        lines = f"{self.code.rstrip()}\n"
        if self.drawing:
            scale = ", scale=scale" if self.scale is not None else ""
            lines += (
                f"\nfrom dashboard.figures.files.page_png import view_png\n\n{self.drawing.rstrip()}\n"
                f"with open({self.name + '.png'!r}, 'wb') as file:\n"
                f"    file.write(view_png(picture, title={self.title!r}, note={self.note!r}{scale}))\n"
            )
        return f"{WHERE_TO_RUN}\n{imports_first(lines)}"

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
        if export.image is None and export.chart:
            chart_format(f"{key}-format")
        elif export.image is not None:
            _download("PNG", export.png, export.name, key, "image", "The picture with its title and scale.")
        _download("NPZ", export.npz, export.name, key, "data_array", "The raw arrays, for NumPy.")
        if export.table is not None:
            _download("CSV", export.table, export.name, key, "table", "A line per picture, for spreadsheets.")
        with st.popover("Code", icon=":material/code:", help="The Python that makes this view again."):
            st.code(export.script, language="python")


def imports_first(code: str) -> str:
    """Lines of Python with their imports, which start a line, in front, each once."""
    lines = code.splitlines()
    is_import = [line.startswith(("import ", "from ")) for line in lines]
    imports = sorted({line for line, first in zip(lines, is_import, strict=True) if first})
    rest = "\n".join(line for line, first in zip(lines, is_import, strict=True) if not first)
    return "\n".join(imports) + "\n\n" + re.sub(r"\n{3,}", "\n\n", rest).strip() + "\n"


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
