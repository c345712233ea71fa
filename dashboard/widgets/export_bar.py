"""Every view to take away: a picture, the raw arrays, and the lines that make it again."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.session.photos import Photo


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


def snippet_start(model_key: str, photo: Photo) -> str:
    """The first lines of every snippet: the explorer, a photo and a model."""
    own = "" if photo.shareable else "  # the photo is yours: put the path of its file here"
    return (
        "from cnn_core import open_explorer, open_image\n\n"
        "explorer = open_explorer()\n"
        f"image = open_image({photo.path!r}){own}\n"
        f"model = {model_key!r}\n"
    )
