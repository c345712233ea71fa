"""Every view to take away: a picture, the raw arrays, and the lines that make it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st


def export_row(
    name: str, *, png: Callable[[], bytes], npz: Callable[[], bytes], code: str, key: str = "export"
) -> None:
    """Three buttons: PNG and NPZ are made when clicked, the code is shown.

    Args:
        name: of the files, without suffix.
        png, npz: make the files.
        code: Python that makes the view with ``cnn_core`` alone.
        key: of the widgets; one per view on a page.
    """
    with st.container(horizontal=True, gap="small", key=f"{key}-row"):
        st.download_button(
            "PNG",
            png,
            file_name=f"{name}.png",
            mime="image/png",
            key=f"{key}-png",
            on_click="ignore",
            icon=":material/image:",
            help="The picture with its title and scale.",
        )
        st.download_button(
            "NPZ",
            npz,
            file_name=f"{name}.npz",
            mime="application/octet-stream",
            key=f"{key}-npz",
            on_click="ignore",
            icon=":material/data_array:",
            help="The raw arrays, for NumPy.",
        )
        with st.popover(
            "Code", icon=":material/code:", help="The lines of Python that make this view again."
        ):
            st.code(code, language="python")


def file_name(*parts: object) -> str:
    """A file name from words and numbers, safe on every system."""
    text = "_".join(str(part) for part in parts if part is not None)
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in text
    )


def snippet_start(model_key: str, photo_title: str) -> str:
    """The first lines of every snippet: a model and a photo."""
    return (
        "from pathlib import Path\n\n"
        "from cnn_core.explorer import Explorer\n"
        "from cnn_core.images import decode_image\n"
        "from cnn_core.model_store import ModelStore\n"
        "from cnn_core.result_store import ResultStore\n\n"
        'explorer = Explorer(ModelStore(Path("models")), ResultStore(None))\n'
        f"image = decode_image(Path({_photo_path(photo_title)!r}).read_bytes())\n"
        f"model = {model_key!r}\n"
    )


def _photo_path(title: str) -> str:
    return title if Path(title).suffix else f"sample_images/{title}.jpg"
