"""The pictures of a set behind its figures: as tiles, a click makes one the photo of the dashboard."""

from __future__ import annotations

import functools
import html
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core import paths
from cnn_core.errors import ConvscopeError
from dashboard.figures.colours import UInt8
from dashboard.figures.pictures.pictures import decoded, thumbnail
from dashboard.session import address
from dashboard.session.photos import Photo, data_photo, picture_bytes, take_in
from dashboard.widgets.markdown import literal
from dashboard.widgets.style import photo_buttons_style, theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnn_core.evaluation.predictions import Predictions

TILE_PX = 176
COLUMNS, PER_PAGE = 4, 12
REMEMBERED_TILES = 400  # about 8 kB each
_CHOSEN = "_picture_chosen"
GONE, DAMAGED = "The file is gone", "The file cannot be read"


def set_picture(path: str) -> Photo:
    """A picture of a data set as a photo, wherever it lies."""
    file = Path(path)

    def stamp() -> Hashable:
        facts = file.stat()
        return path, facts.st_mtime_ns, facts.st_size

    read = functools.partial(picture_bytes, file)
    return Photo(key=path, title=file.name, path=path, read=read, stamp=stamp)


def tile_or_reason(photo: Photo) -> bytes | str:
    """A small square JPEG of a picture, or why there is none."""
    try:
        return _tile(photo.stamp(), photo)
    except FileNotFoundError:
        return GONE
    except (ConvscopeError, OSError):
        return DAMAGED


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_TILES)
def _tile(stamp: Hashable, _photo: Photo) -> bytes:
    return thumbnail(_photo.image().pixels, TILE_PX)


def sure(probability: float) -> str:
    """A probability in percent that is never rounded to certainty."""
    percent = 100 * probability
    if percent > 99.95:
        return "> 99.9 %"
    return "< 0.1 %" if percent < 0.05 else f"{percent:.1f} %"


def draw_tiles(
    predictions: Predictions, members: NDArray[np.int64], given: NDArray[np.int64], model_key: str
) -> None:
    """A page of pictures with the probability of their answer.

    Args:
        predictions: of the whole set.
        members: indices of the pictures, in their order.
        given: ``(n,)``, the class that each picture of the set got.
        model_key: of the network that answered.
    """
    shown = members[_page(len(members))]
    faces: dict[str, bytes] = {}
    columns = st.columns(COLUMNS, gap="small")
    for place, index in enumerate(shown):
        with columns[place % COLUMNS]:
            photo = set_picture(predictions.paths[index])
            probability = float(predictions.probabilities[index, given[index]])
            face = tile_or_reason(photo)
            if isinstance(face, bytes):
                faces[f"photo-cell-{place}"] = face
            _draw_tile(photo, face, f"photo-cell-{place}", sure(probability), model_key)
    photo_buttons_style(faces, None, theme())
    _draw_pager(len(members))


def _draw_tile(photo: Photo, face: bytes | str, key: str, caption: str, model_key: str) -> None:
    title = literal(photo.title)
    if isinstance(face, str):
        st.html(missing_html(face, photo.title))
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
    st.session_state[_CHOSEN] = model_key
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
    model_key = st.session_state.pop(_CHOSEN, None)
    if model_key is not None:
        st.switch_page("pages/heat_maps.py", query_params={"model": model_key})


def _page(count: int) -> slice:
    last = max(0, (count - 1) // PER_PAGE)
    page = address.restore("eval_page", address.whole_number(0, last), 0)
    address.keep({"eval_page": page if page else None})
    return slice(page * PER_PAGE, (page + 1) * PER_PAGE)


def _draw_pager(count: int) -> None:
    if count <= PER_PAGE:
        return
    page, last = st.session_state["eval_page"], (count - 1) // PER_PAGE
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _turn_button("chevron_left", "Before", page - 1, disabled=page == 0)
        first = page * PER_PAGE
        st.markdown(f"{first + 1} to {min(first + PER_PAGE, count)} of {count:,}", width="content")
        _turn_button("chevron_right", "Next", page + 1, disabled=page == last)


def _turn_button(icon: str, name: str, page: int, *, disabled: bool) -> None:
    st.button(
        name,
        key=f"eval_page-{name.lower()}",
        icon=f":material/{icon}:",
        on_click=_turn,
        args=(page,),
        disabled=disabled,
        type="tertiary",
    )


def _turn(page: int) -> None:
    st.session_state["eval_page"] = page


def tiles_pixels(paths: Sequence[str]) -> list[UInt8]:
    """The tiles of pictures as arrays, those that are gone left out."""
    faces = [tile_or_reason(set_picture(path)) for path in paths]
    return [decoded(face) for face in faces if isinstance(face, bytes)]
