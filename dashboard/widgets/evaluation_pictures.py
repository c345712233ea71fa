"""The pictures of a set behind its figures: as tiles, a click makes one the photo of the dashboard."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core import paths
from cnn_core.errors import ConvscopeError
from dashboard.figures.colours import UInt8
from dashboard.figures.pictures.pictures import decoded
from dashboard.session.photos import Photo, data_photo, photo_file, take_in
from dashboard.session.state import session
from dashboard.widgets.inputs import pager
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import photo_buttons_style, theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.evaluation.predictions import Predictions

TILE_PX = 176
COLUMNS, PER_PAGE = 4, 12
GONE, DAMAGED = "The file is gone", "The file cannot be read"


def set_picture(path: str) -> Photo:
    """A picture of a data set as a photo, wherever it lies."""
    return photo_file(Path(path), key=path, title=Path(path).name, shown_path=path)


def tile_or_reason(photo: Photo) -> bytes | str:
    """A small square JPEG of a picture, or why there is none."""
    try:
        return photo.thumbnail(TILE_PX)
    except FileNotFoundError:
        return GONE
    except (ConvscopeError, OSError):
        return DAMAGED


def sure(probability: float) -> str:
    """A probability in percent that is never rounded to certainty."""
    percent = 100 * probability
    if percent > 99.95:
        return "> 99.9 %"
    return "< 0.1 %" if percent < 0.05 else f"{percent:.1f} %"


def draw_tiles(
    predictions: Predictions, indices: NDArray[np.int64], given: NDArray[np.int64], model_key: str
) -> None:
    """A page of pictures with the probability of their answer.

    Args:
        predictions: of the whole set.
        indices: indices of the pictures, in their order.
        given: ``(n,)``, the class that each picture of the set got.
        model_key: of the network that answered.
    """
    place_of_tiles = st.container()
    shown = indices[pager(len(indices), PER_PAGE, key="eval_page")]
    tiles: dict[str, bytes] = {}
    columns = place_of_tiles.columns(COLUMNS, gap="small")
    for place, index in enumerate(shown):
        with columns[place % COLUMNS]:
            photo = set_picture(predictions.paths[index])
            probability = float(predictions.probabilities[index, given[index]])
            tile = tile_or_reason(photo)
            if isinstance(tile, bytes):
                tiles[f"photo-cell-{place}"] = tile
            _draw_tile(photo, tile, f"photo-cell-{place}", sure(probability), model_key)
    photo_buttons_style(tiles, None, theme())


def _draw_tile(photo: Photo, tile: bytes | str, key: str, caption: str, model_key: str) -> None:
    title = escape_markdown(photo.title)
    if isinstance(tile, str):
        st.html(missing_html(tile, photo.title))
    else:
        st.button(
            f"{title}, {caption}",
            key=key,
            help=f"{title}: see in Heat maps what this network looks at",
            on_click=choose_photo,
            args=(photo, model_key),
            width="stretch",
        )
    st.html(f'<div class="step" style="margin:-.5rem 0 .3rem">{html.escape(caption)}</div>')


def missing_html(reason: str, name: str) -> str:
    """A square that says why a picture is not there."""
    return (
        '<div role="img" style="aspect-ratio:1;border:1px dashed currentColor;border-radius:.5rem;opacity:.6;'
        "display:flex;flex-direction:column;align-items:center;justify-content:center;text-align:center;"
        f'font-size:.78rem;line-height:1.3;padding:.4rem;overflow-wrap:anywhere"><b>{html.escape(reason)}</b>'
        f"{html.escape(name)}</div>"
    )


def choose_photo(photo: Photo, model_key: str) -> None:
    """Make a picture of the set the photo of the dashboard, and the network that answered it the model.

    The photo is one of the data set, or one of this session.
    """
    session().predicted_by = model_key
    folder = paths.data_folder()
    if folder is not None and Path(photo.path).is_relative_to(folder):
        key = Path(photo.path).relative_to(folder).as_posix()
        if data_photo(key) is not None:
            st.session_state["photo"] = key
            return
    try:
        take_in([(photo.title, photo.read())])
    except OSError:
        return  # gone since the page was drawn; the next drawing says so


def follow_chosen_photo() -> None:
    """Go to the heat maps of a picture that was chosen, by the network that answered it."""
    held = session()
    model_key, held.predicted_by = held.predicted_by, None
    if model_key is not None:
        st.switch_page("pages/heat_maps.py", query_params={"model": model_key})


def tiles_pixels(paths: Sequence[str]) -> list[UInt8]:
    """The tiles of pictures as arrays, those that are gone left out."""
    tiles = [tile_or_reason(set_picture(path)) for path in paths]
    return [decoded(tile) for tile in tiles if isinstance(tile, bytes)]
