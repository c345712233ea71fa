"""The picture files that are read, in one place: by name, for people, and for the decoder."""

from __future__ import annotations

import struct
from collections.abc import Iterator

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jfif", ".jpe"),
    "PNG": (".png",),
    "WebP": (".webp",),
    "AVIF": (".avif",),
    "HEIC": (".heic", ".heif", ".hif"),
    "JPEG 2000": (".jp2", ".j2k", ".jpx"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "ICO": (".ico",),
}
*_FIRST_NAMES, _LAST_NAME = SUFFIXES
FORMATS_TEXT = f"{', '.join(_FIRST_NAMES)} or {_LAST_NAME}"
_DECODERS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "JPEG2000", "ICO")  # as Pillow says

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Of a PNG: profile and comments, which change no pixel here and may be larger than Pillow reads.
PNG_EXTRAS = frozenset({b"iCCP", b"tEXt", b"zTXt", b"iTXt"})


def brand(content: bytes) -> bytes:
    """What the first box of a file says that it is, as those of AVIF and HEIC do; empty for other files."""
    return content[8:12] if content[4:8] == b"ftyp" else b""


def decoders_for(content: bytes) -> tuple[str, ...]:
    """What Pillow may open a file with, by its own names."""
    if brand(content) not in HEIF_BRANDS:
        return _DECODERS
    import pillow_heif  # here, since few pictures need it

    pillow_heif.register_heif_opener()
    return (*_DECODERS, "HEIF")


def png_without_extras(content: bytes) -> bytes:
    """A PNG file without its colour profile and comments; any other file as it is."""
    if not content.startswith(PNG_SIGNATURE):
        return content
    kept = [content[start:end] for kind, start, end in _png_chunks(content) if kind not in PNG_EXTRAS]
    return PNG_SIGNATURE + b"".join(kept)


def pictures_in_icon(content: bytes) -> list[tuple[int, int]]:
    """Width and height of the PNG pictures in an icon, which its own directory need not say truly."""
    sizes = []
    start = content.find(PNG_SIGNATURE)
    while start >= 0:
        header = content[start + 16 : start + 24]
        if len(header) == 8:
            sizes.append(struct.unpack(">II", header))
        start = content.find(PNG_SIGNATURE, start + 1)
    return [(width, height) for width, height in sizes]


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte and end of every chunk; the last one may be cut off."""
    start = len(PNG_SIGNATURE)
    while start + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[start : start + 8])
        end = min(start + 12 + length, len(content))
        yield kind, start, end
        start = end
