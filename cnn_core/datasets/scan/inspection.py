"""One picture file looked at before training: can it be decoded, how large is it, what does it show."""

from __future__ import annotations

import hashlib
import io
import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnn_core.errors import ImageError
from cnn_core.images.decode import (
    JPEG_MARKER,
    MAX_ASPECT_RATIO,
    MAX_FILE_BYTES,
    MAX_JPEG_SCANS,
    MAX_MEGAPIXELS,
    MIN_SIDE_PX,
    decode_image,
)
from cnn_core.images.formats import decoders_for
from cnn_core.images.pixel_modes import orientation

TINY_SIDE_PX = 16
THUMBNAIL_PX = 32
DRAFT_PX = 128  # a thumbnail from this size differs by less than 1 of 255 from one of the full picture
FLAT_CONTRAST = 2.0  # standard deviation of the grey thumbnail, 0..255; below it there is nothing to see
BIG_PIXELS = 8_000_000
SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
MODE_NAMES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "I;16": "grey with 16 bits",
    "I;16L": "grey with 16 bits",
    "I;16B": "grey with 16 bits",
    "I;16N": "grey with 16 bits",
    "I": "grey with 32 bits",
    "F": "grey in fractions",
    "P": "palette",
    "RGB": "RGB with a transparent colour",
    "RGBA": "RGB with transparency",
    "CMYK": "CMYK",
}
TAIL_BYTES = 64
_one_big_picture = threading.Lock()  # each takes some 400 MB while it is decoded

Thumbnail = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileInspection:
    """What one file is.

    Attributes:
        kind: what is wrong, ``unreadable``, ``truncated``, ``tiny`` or ``non_rgb``, or None.
        detail: the same as a sentence.
        size_px: (width, height) as seen upright; (0, 0) where nobody can tell.
        content_key: equal for files with equal bytes, and for flat pictures with equal pixels.
        thumbnail: ``(32, 32)``, uint8, grey, 0..255; None where ``kind`` is not None.
        transient: the computer, not the file, may be what is wrong, and only for now.
    """

    kind: str | None = None
    detail: str = ""
    size_px: tuple[int, int] = (0, 0)
    content_key: bytes = b""
    thumbnail: Thumbnail | None = None
    transient: bool = False


@dataclass(frozen=True, slots=True)
class _Header:
    """What the first bytes of a file say: Pillow's mode, upright size, whether it is more than plain RGB."""

    mode: str
    size_px: tuple[int, int]
    non_rgb: bool


def inspect(path: Path, *, keep_non_rgb: bool = False) -> FileInspection:
    """Decode one file as training will, and say what is wrong with it.

    Everything that ``decode_image`` refuses is found here. A plain RGB JPEG is decoded at a fraction of its
    size, which reads all of its data all the same; every other file is decoded whole.

    Args:
        path: a file that may have gone, may be forbidden or may hold anything.
        keep_non_rgb: grey, palette, CMYK and transparent pictures are fine.
    """
    try:
        content = _content(path)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "out of memory"
        return FileInspection(kind="unreadable", detail=f"The file cannot be read: {reason}.", transient=True)
    quick = _quick(content)
    if quick is not None:
        size_px, thumbnail = quick
        header = _Header("RGB", size_px, non_rgb=False)
    else:
        found = _header(content)
        try:
            thumbnail, header = _whole(content, found)
        except ImageError as error:
            inspection = _refused(content, found, str(error))
            return replace(inspection, transient=_may_pass(error.__context__))
    if min(header.size_px) < TINY_SIDE_PX:
        return _tiny(header.size_px)
    if header.non_rgb and not keep_non_rgb:
        mode = MODE_NAMES.get(header.mode, f"mode {header.mode}")
        return FileInspection(
            kind="non_rgb", detail=f"The picture is no plain RGB: {mode}.", size_px=header.size_px
        )
    return FileInspection(
        size_px=header.size_px, content_key=_content_key(content, thumbnail), thumbnail=thumbnail
    )


def _content(path: Path) -> bytes:
    """The file's bytes, of a file too large only so many that the decoder says so."""
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _quick(content: bytes) -> tuple[tuple[int, int], Thumbnail] | None:
    """Size and thumbnail of a plain RGB JPEG, or None where ``decode_image`` has to decide."""
    if len(content) > MAX_FILE_BYTES or len(JPEG_MARKER.findall(content)) > MAX_JPEG_SCANS:
        return None  # with so few markers there cannot be too many scans
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            if not _is_plain(picture):
                return None
            size_px = picture.size
            drafted = picture.draft("L", (DRAFT_PX, DRAFT_PX))
            box = None if drafted is None else drafted[1]  # without the columns that fill up the last block
            return size_px, _thumbnail(picture, box)
    except Exception:  # decoders raise anything at all on hostile bytes; decode_image says it in a sentence
        return None


def _is_plain(picture: Image.Image) -> bool:
    width, height = picture.size
    return (
        picture.format == "JPEG"
        and picture.mode == "RGB"
        and orientation(picture) == 1
        and min(width, height) >= MIN_SIDE_PX
        and max(width, height) <= MAX_ASPECT_RATIO * min(width, height)
        and width * height <= MAX_MEGAPIXELS * 1_000_000
    )


def _thumbnail(picture: Image.Image, box: tuple[float, float, float, float] | None = None) -> Thumbnail:
    """``(32, 32)`` grey pixels; the wide filter makes them the same for a picture and its smaller copy."""
    size = (THUMBNAIL_PX, THUMBNAIL_PX)
    return np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR, box=box))


def _header(content: bytes) -> _Header | None:
    try:
        with Image.open(io.BytesIO(content), formats=decoders_for(content)) as picture:
            width, height = picture.size
            non_rgb = picture.mode != "RGB" or picture.has_transparency_data
            sideways = orientation(picture) in SIDEWAYS
            return _Header(picture.mode, (height, width) if sideways else (width, height), non_rgb)
    except Exception:  # no picture at all; decode_image says it in a sentence
        return None


def _whole(content: bytes, header: _Header | None) -> tuple[Thumbnail, _Header]:
    """Decode all pixels.

    Raises:
        ImageError: nobody can train on it.
    """
    big = header is not None and header.size_px[0] * header.size_px[1] > BIG_PIXELS
    with _one_big_picture if big else nullcontext():
        pixels = decode_image(content).pixels
        thumbnail = _thumbnail(Image.fromarray(pixels))
    return thumbnail, header or _Header("RGB", (pixels.shape[1], pixels.shape[0]), non_rgb=False)


def _refused(content: bytes, header: _Header | None, reason: str) -> FileInspection:
    size_px = (0, 0) if header is None else header.size_px
    if header is not None and 0 < min(size_px) < MIN_SIDE_PX:
        return _tiny(size_px)
    if len(content) <= MAX_FILE_BYTES and _is_cut_off(content):  # a longer one was not read to its end
        return FileInspection(kind="truncated", detail=f"The file ends too early. {reason}", size_px=size_px)
    return FileInspection(kind="unreadable", detail=reason, size_px=size_px)


def _may_pass(reason: BaseException | None) -> bool:
    """Whether decoding failed for want of memory or by the system; Pillow's own errors have no number."""
    return isinstance(reason, MemoryError) or (
        isinstance(reason, OSError) and (reason.errno is not None or "out of memory" in str(reason))
    )


def _tiny(size_px: tuple[int, int]) -> FileInspection:
    width, height = size_px
    detail = f"The picture has {width} x {height} pixels; {TINY_SIDE_PX} are needed on each side."
    return FileInspection(kind="tiny", detail=detail, size_px=size_px)


def _is_cut_off(content: bytes) -> bool:
    """Whether a file lacks the end that its format prescribes."""
    tail = content[-TAIL_BYTES:]
    if content.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in tail
    if content.startswith(b"\x89PNG"):
        return b"IEND" not in tail
    if content.startswith(b"GIF8"):
        return b";" not in tail[-2:]
    if content.startswith(b"RIFF"):
        return len(content) < int.from_bytes(content[4:8], "little") + 8
    if content.startswith(b"BM"):
        return len(content) < int.from_bytes(content[2:6], "little")
    return not content


def _content_key(content: bytes, thumbnail: Thumbnail) -> bytes:
    """Of the bytes; of the pixels where a thumbnail is too flat to compare anything else."""
    if float(thumbnail.std()) < FLAT_CONTRAST:
        return decode_image(content).fingerprint.encode()
    return hashlib.sha256(content).digest()
