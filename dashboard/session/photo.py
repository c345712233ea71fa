"""One photo: its title, where it is from, its pixels and its thumbnail when they are asked for."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnn_core.images.decode import RgbImage, decode_image, picture_bytes
from dashboard.figures.pictures.pictures import thumbnail

DECODED_BYTES = 16 * 2**20
THUMBNAIL_PX = 112
REMEMBERED_THUMBNAILS = 700  # up to 8 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo that can be chosen; its pixels are decoded when asked for.

    Attributes:
        key: in the address and in widget keys; starts with ``upload-`` for a photo of this session only.
        title: for people.
        path: of the file as a person would write it, for the lines of code.
        read: gives the bytes of the file.
        stamp: stays the same as long as those bytes do.
        size_bytes: of an uploaded file, which takes memory; 0 for files of this computer.
    """

    key: str
    title: str
    path: str
    read: Callable[[], bytes]
    stamp: Callable[[], Hashable]
    size_bytes: int = 0

    @property
    def shareable(self) -> bool:
        """Whether a link can name it."""
        return not self.key.startswith("upload-")

    def image(self) -> RgbImage:
        """The decoded photo.

        Raises:
            ImageError: the file holds none.
            OSError: the file cannot be read.
        """
        return decoded_photos().photo(self.stamp(), self.read)

    def thumbnail(self, side_px: int = THUMBNAIL_PX) -> bytes:
        """The middle square as a small JPEG; remembered.

        Raises:
            ImageError: the file holds no picture.
            OSError: the file cannot be read.
        """
        return _thumbnail(self.stamp(), side_px, self)


@st.cache_resource(show_spinner=False, max_entries=REMEMBERED_THUMBNAILS)
def _thumbnail(stamp: Hashable, side_px: int, _photo: Photo) -> bytes:
    return thumbnail(_photo.image().pixels, side_px)


def photo_file(path: Path, *, key: str, title: str, shown_path: str) -> Photo:
    """A picture file as a photo.

    Args:
        path: of the file, which is read when it is needed.
        key: in the address.
        title: for people.
        shown_path: as a person would write it.
    """

    def stamp() -> Hashable:
        metadata = path.stat()
        return str(path), metadata.st_mtime_ns, metadata.st_size

    return Photo(
        key=key, title=title, path=shown_path, read=functools.partial(picture_bytes, path), stamp=stamp
    )


class DecodedPhotos:
    """Decoded photos by the stamp of their file; those unused longest make room."""

    def __init__(self, max_bytes: int = DECODED_BYTES) -> None:
        """``max_bytes`` of pixels are kept; the photo asked for last always is."""
        self._max_bytes = max_bytes
        self._photos: OrderedDict[Hashable, RgbImage] = OrderedDict()
        self._lock = threading.Lock()

    def photo(self, stamp: Hashable, read: Callable[[], bytes]) -> RgbImage:
        """A decoded photo; its file is read only if it is not remembered.

        Args:
            stamp: differs for another file, and for another content of the same file.
            read: gives the bytes of the file.

        Raises:
            ImageError: it holds none.
        """
        with self._lock:
            photo = self._photos.get(stamp)
        if photo is None:
            photo = decode_image(read())
        with self._lock:
            self._photos[stamp] = photo
            self._photos.move_to_end(stamp)
            while len(self._photos) > 1 and self._size() > self._max_bytes:
                self._photos.popitem(last=False)
        return photo

    def _size(self) -> int:
        return sum(photo.pixels.nbytes for photo in self._photos.values())


@st.cache_resource(show_spinner=False, max_entries=1)
def decoded_photos() -> DecodedPhotos:
    """The decoded photos of all sessions."""
    return DecodedPhotos()
