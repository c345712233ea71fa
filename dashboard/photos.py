"""The photos that can be looked at: samples, uploads of this session, pictures of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnn_core.datasets.folders import PICTURE_SUFFIXES
from cnn_core.errors import ConvscopeError
from cnn_core.images import RgbImage
from dashboard.figures.pictures import thumbnail
from dashboard.resources import PROJECT, data_folder, decoded_photos

SAMPLES = PROJECT / "sample_images"
MOST_UPLOADS = 12
DEEPEST_FOLDER = 4
_ANIMALS = {"cat", "dog"}


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that can be chosen; its pixels are decoded when asked for.

    Attributes:
        key: in the address and in widget keys; starts with ``upload-`` for a photo of this session only.
        title: for people.
        read: gives the bytes of the file.
    """

    key: str
    title: str
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
    paths = [path for path in SAMPLES.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]
    order = sorted(
        paths, key=lambda path: (not _ANIMALS & set(path.stem.split("_")), path.stem.count("_"), path.stem)
    )
    return tuple(
        Photo(path.stem, path.stem.replace("_", " ").capitalize(), path.read_bytes) for path in order
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def data_groups(folder: Path) -> dict[str, tuple[str, ...]]:
    """Picture names by their folder relative to ``folder``, e.g. ``validation/cats``."""
    groups: dict[str, tuple[str, ...]] = {}
    for parent in sorted(path for path in folder.rglob("*") if path.is_dir()):
        relative = parent.relative_to(folder)
        if len(relative.parts) > DEEPEST_FOLDER:
            continue
        names = sorted(path.name for path in parent.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
        if names:
            groups[relative.as_posix()] = tuple(names)
    return groups


def data_photo(key: str) -> Photo | None:
    """The picture ``group/name`` of the data set, or None if it is not one of its pictures."""
    folder = data_folder()
    group, _, name = key.rpartition("/")
    if folder is None or name not in data_groups(folder).get(group, ()):
        return None
    return Photo(key, f"{group} · {name}", (folder / group / name).read_bytes)


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
        photo = Photo(
            f"upload-{hashlib.sha256(content).hexdigest()[:12]}", name, lambda content=content: content
        )
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


def all_photos() -> dict[str, Photo]:
    """Uploads and samples by key, uploads first."""
    return {photo.key: photo for photo in (*reversed(uploads().values()), *samples())}


def photo_named(key: str) -> Photo | None:
    """The photo with that key, wherever it is from, or None."""
    return all_photos().get(key) or data_photo(key)
