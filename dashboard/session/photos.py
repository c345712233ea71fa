"""The photos that can be looked at: samples, uploads of this browser, pictures of a data set."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import streamlit as st

from cnn_core import paths
from cnn_core.datasets.folders import is_picture, is_utf8, pictures_in
from cnn_core.errors import ConvscopeError
from dashboard.session.photo import Photo, photo_file
from dashboard.session.resources import explorer
from dashboard.session.state import session

MOST_UPLOADS = 12
UPLOADED_BYTES = 64 * 2**20  # of a session
DEEPEST_FOLDER = 4
_ANIMALS = {"cat", "dog"}


def samples(kind: str = "") -> tuple[Photo, ...]:
    """The photos that come with the project, those with a cat or a dog first; none without their folder.

    Args:
        kind: the folder in it with pictures of another kind, ``mnist`` for example; empty for photos.
    """
    try:
        return _sample_files(paths.samples_folder(), kind)
    except OSError:
        return ()


def samples_for(model_key: str | None) -> tuple[Photo, ...]:
    """The samples that a model is made for: what its card names, else photos."""
    kind = "" if model_key is None else explorer().card(model_key).metadata.get("samples")
    named = samples(kind) if isinstance(kind, str) and kind in _kinds() else ()
    return named or samples()


def sample_named(key: str) -> Photo | None:
    """The sample with that key, of whatever kind, or None."""
    kinds = ("", *_kinds())
    return next((photo for kind in kinds for photo in samples(kind) if photo.key == key), None)


def _kinds() -> tuple[str, ...]:
    try:
        return tuple(sorted(path.name for path in paths.samples_folder().iterdir() if path.is_dir()))
    except OSError:
        return ()


@st.cache_resource(show_spinner=False, max_entries=4)
def _sample_files(folder: Path, kind: str) -> tuple[Photo, ...]:
    inside = folder / kind
    paths = [path for path in inside.iterdir() if is_picture(path.name)]
    order = sorted(
        paths, key=lambda path: (not _ANIMALS & set(path.stem.split("_")), path.stem.count("_"), path.stem)
    )
    return tuple(
        photo_file(
            path,
            key=f"{kind}-{path.stem}" if kind else path.stem,
            title=path.stem.replace("_", " ").capitalize(),
            shown_path=f"{folder.name}/{path.relative_to(folder).as_posix()}",
        )
        for path in order
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def data_groups(folder: Path) -> dict[str, tuple[str, ...]]:
    """Picture names by their folder relative to ``folder``, e.g. ``validation/cats``.

    Raises:
        OSError: a folder cannot be read.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for parent, folders, _ in os.walk(folder):
        place = Path(parent)
        folders[:] = sorted(filter(is_utf8, folders))
        if len(place.relative_to(folder).parts) >= DEEPEST_FOLDER:
            folders.clear()
        names = tuple(path.name for path in pictures_in(place))
        if names:
            groups[place.relative_to(folder).as_posix()] = names
    return groups


def data_photo(key: str) -> Photo | None:
    """The picture ``group/name`` of the data set, or None if it is not one of its pictures."""
    folder = paths.data_folder()
    group, _, name = key.rpartition("/")
    try:
        if folder is None or name not in data_groups(folder).get(group, ()):
            return None
    except OSError:
        return None  # the browser of the data set says so
    path = folder / group / name
    return photo_file(path, key=key, title=f"{group} · {name}", shown_path=str(path))


def uploads() -> dict[str, Photo]:
    """The photos that this browser uploaded or took, by key, oldest first."""
    return session().own.uploads


def take_in(files: list[tuple[str, bytes]]) -> None:
    """Add uploaded files ``(name, content)``; what is no picture is refused by name, the rest stays.

    The newest good one becomes the chosen photo.
    """
    held = session()
    kept, held.refused = held.own.uploads, []
    for name, content in files:
        photo = _uploaded(name, content)
        try:
            photo.thumbnail()
        except ConvscopeError as error:
            held.refused.append((name, str(error)))
            continue
        kept.pop(photo.key, None)  # uploaded once more, it is the newest again
        kept[photo.key] = photo
        st.session_state["photo"] = photo.key
    held.dropped = _make_room(kept, chosen=st.session_state.get("photo"))


def _make_room(kept: dict[str, Photo], *, chosen: str | None) -> list[str]:
    """Drop the oldest uploads while there are too many or too large ones, but never the chosen one.

    Returns:
        Titles of the dropped ones.
    """
    dropped: list[str] = []
    for key in [key for key in kept if key != chosen]:
        held = sum(photo.size_bytes for photo in kept.values())
        if len(kept) <= MOST_UPLOADS and held <= UPLOADED_BYTES:
            break
        dropped.append(kept.pop(key).title)
    return dropped


def _uploaded(name: str, content: bytes) -> Photo:
    digest = hashlib.sha256(content).hexdigest()
    return Photo(
        key=f"upload-{digest[:12]}",
        title=name,
        path=name,
        read=lambda: content,
        stamp=lambda: digest,
        size_bytes=len(content),
    )


def all_photos(model_key: str | None = None) -> dict[str, Photo]:
    """Uploads and the samples for a model by key, uploads first."""
    return {photo.key: photo for photo in (*reversed(list(uploads().values())), *samples_for(model_key))}


def photo_named(key: str) -> Photo | None:
    """The photo with that key, wherever it is from, or None."""
    return uploads().get(key) or sample_named(key) or data_photo(key)
