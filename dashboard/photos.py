"""The photos that can be looked at: samples, uploads of this session, pictures of a data set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnn_core import places
from cnn_core.datasets.folders import PICTURE_SUFFIXES, pictures_in
from cnn_core.errors import ConvscopeError
from cnn_core.images import RgbImage
from dashboard.figures.pictures import thumbnail
from dashboard.resources import data_folder, decoded_photos

MOST_UPLOADS = 12
DEEPEST_FOLDER = 4
_ANIMALS = {"cat", "dog"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo that can be chosen; its pixels are decoded when asked for.

    Attributes:
        key: in the address and in widget keys; starts with ``upload-`` for a photo of this session only.
        title: for people.
        path: of the file as a person would write it, for the lines of code.
        read: gives the bytes of the file.
    """

    key: str
    title: str
    path: str
    read: Callable[[], bytes]

    @property
    def shareable(self) -> bool:
        """Whether a link can name it."""
        return not self.key.startswith("upload-")

    def image(self) -> RgbImage:
        """The decoded photo.

        Raises:
            ImageError: the file holds none.
        """
        return decoded_photos().decode(self.read())

    def thumbnail(self) -> bytes:
        """A small square JPEG."""
        return _thumbnail(self.key, self)


@st.cache_resource(show_spinner=False, max_entries=200)
def _thumbnail(key: str, _photo: Photo) -> bytes:
    return thumbnail(_photo.image().pixels)


@st.cache_resource(show_spinner=False, max_entries=1)
def samples() -> tuple[Photo, ...]:
    """The photos that come with the project, those with a cat or a dog first."""
    paths = [path for path in places.samples_folder().iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]
    order = sorted(
        paths, key=lambda path: (not _ANIMALS & set(path.stem.split("_")), path.stem.count("_"), path.stem)
    )
    return tuple(
        Photo(
            key=path.stem,
            title=path.stem.replace("_", " ").capitalize(),
            path=f"{path.parent.name}/{path.name}",
            read=path.read_bytes,
        )
        for path in order
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def data_groups(folder: Path) -> dict[str, tuple[str, ...]]:
    """Picture names by their folder relative to ``folder``, e.g. ``validation/cats``."""
    groups: dict[str, tuple[str, ...]] = {}
    for parent, folders, _ in os.walk(folder):
        place = Path(parent)
        folders.sort()
        if len(place.relative_to(folder).parts) >= DEEPEST_FOLDER:
            folders.clear()
        names = tuple(path.name for path in pictures_in(place))
        if names:
            groups[place.relative_to(folder).as_posix()] = names
    return groups


def data_photo(key: str) -> Photo | None:
    """The picture ``group/name`` of the data set, or None if it is not one of its pictures."""
    folder = data_folder()
    group, _, name = key.rpartition("/")
    if folder is None or name not in data_groups(folder).get(group, ()):
        return None
    path = folder / group / name
    return Photo(key=key, title=f"{group} · {name}", path=str(path), read=path.read_bytes)


def uploads() -> dict[str, Photo]:
    """The photos that this session uploaded or took, by key, oldest first."""
    found: dict[str, Photo] = st.session_state.setdefault("_uploads", {})
    return found


def take_in(files: list[tuple[str, bytes]]) -> None:
    """Add uploaded files ``(name, content)``; what is no picture is refused by name, the rest stays.

    The newest good one becomes the chosen photo.
    """
    kept, refused = uploads(), []
    for name, content in files:
        photo = _uploaded(name, content)
        try:
            photo.thumbnail()
        except ConvscopeError as error:
            refused.append((name, str(error)))
            continue
        kept[photo.key] = photo
        st.session_state["photo"] = photo.key
    while len(kept) > MOST_UPLOADS:
        kept.pop(next(iter(kept)))
    st.session_state["_refused"] = refused


def _uploaded(name: str, content: bytes) -> Photo:
    key = f"upload-{hashlib.sha256(content).hexdigest()[:12]}"
    return Photo(key=key, title=name, path=name, read=lambda: content)


def all_photos() -> dict[str, Photo]:
    """Uploads and samples by key, uploads first."""
    return {photo.key: photo for photo in (*reversed(uploads().values()), *samples())}


def photo_named(key: str) -> Photo | None:
    """The photo with that key, wherever it is from, or None."""
    return all_photos().get(key) or data_photo(key)
