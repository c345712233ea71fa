"""From the bytes of a file to RGB pixels, and from pixels to what a model takes.

One way in for uploads, samples and training pictures alike, so that the network sees an
uploaded photo exactly as it saw those it was trained on.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cnn_core.errors import ImageError
from cnn_core.images.formats import (
    AVIF_BRANDS,
    FORMATS_TEXT,
    HEIF_BRANDS,
    brand,
    decoders_for,
    pictures_in_icon,
    png_without_extras,
)
from cnn_core.images.pixel_modes import Upright, upright_rgb

MAX_FILE_BYTES = 20 * 2**20
MAX_MEGAPIXELS = 64
MIN_SIDE_PX = 8
MAX_ASPECT_RATIO = 50
LUMA = (19595, 38470, 7471)  # of red, green and blue; together 2 ** 16
MAX_JPEG_SCANS = 40  # ten are usual in a progressive picture
MAX_JPEG_SEGMENTS = 20_000
JPEG_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")  # those that start or end something
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


@dataclass(frozen=True, slots=True, eq=False)
class RgbImage:
    """A decoded picture.

    Attributes:
        pixels: ``(H, W, 3)``, uint8, RGB, upright, read-only.
        fingerprint: sha256 of the pixels with their shape and dtype.
        note: what was done to the values of the file, a sentence for people; empty where nothing was.
    """

    pixels: NDArray[np.uint8]
    fingerprint: str
    note: str = ""


def picture_bytes(path: Path) -> bytes:
    """The bytes of a picture file; of one that is too large only so many that the decoder says so.

    Raises:
        FileNotFoundError: nothing is there.
        OSError: it cannot be read, or is no plain file; a pipe would keep whoever reads it for ever.
    """
    if not path.is_file() and path.exists():
        raise OSError(f"Expected a picture file. Received: {path}, which is no plain file. Choose another.")
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def decode_image(content: bytes) -> RgbImage:
    """Decode an untrusted picture file by its content, whatever its name says.

    The first frame of an animation is taken, EXIF orientation is applied, transparency is laid
    on white, CMYK pictures and those of more than 8 bits become 8-bit RGB; more than 8 megapixels are
    averaged down.

    Args:
        content: bytes of a file in one of ``cnn_core.images.formats``, at most 20 MB.

    Raises:
        ImageError: empty, too large, damaged, or no picture.
    """
    if not content:
        raise ImageError("Expected a picture. Received an empty file. Choose another file.")
    if len(content) > MAX_FILE_BYTES:
        raise ImageError(
            f"Expected a picture of at most {MAX_FILE_BYTES // 2**20} MB. "
            f"Received {len(content) / 2**20:.1f} MB. Save it smaller and try again."
        )
    try:
        upright = _decoded(content)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # a warning may be an error
        raise ImageError(_too_many_pixels("far more")) from None
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise ImageError(_undecodable(content, error)) from None
    return rgb_image(upright.pixels, note=upright.note)


def _undecodable(content: bytes, error: Exception) -> str:
    """That a file is no picture at all, or a damaged one."""
    if isinstance(error, UnidentifiedImageError) and brand(content) not in HEIF_BRANDS | AVIF_BRANDS:
        return (
            f"Expected a {FORMATS_TEXT} picture. Received a file that is none of these, whatever its name "
            "ends in. Save the picture as PNG or JPEG and try again."
        )
    return (
        f"Expected a complete picture. Received a damaged or cut-off file ({type(error).__name__}). "
        "Save or download it again and try once more."
    )


def _decoded(content: bytes) -> Upright:
    """The pixels of a file; raises whatever a decoder does."""
    try:
        return _opened(content)
    except (ImageError, UnidentifiedImageError, Image.DecompressionBombError):
        raise
    except Exception:
        plain = png_without_extras(content)  # Pillow refuses a profile or comment of more than 1 MB
        if plain == content:
            raise
        return _opened(plain)


def _opened(content: bytes) -> Upright:
    with Image.open(io.BytesIO(content), formats=decoders_for(content)) as picture:
        for size in (picture.size, *(pictures_in_icon(content) if picture.format == "ICO" else ())):
            _check_size(size)
        if picture.format in ("JPEG", "MPO"):
            _check_scans(content)
        return upright_rgb(picture)


def rgb_image(pixels: NDArray[np.uint8], *, note: str = "") -> RgbImage:
    """Wrap ``(H, W, 3)`` uint8 RGB pixels, copied, with their fingerprint."""
    frozen = np.array(pixels, np.uint8, order="C")
    frozen.setflags(write=False)
    return RgbImage(frozen, array_fingerprint(frozen), note)


def array_fingerprint(array: NDArray[np.generic]) -> str:
    """sha256 over dtype, shape and bytes of an array."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def resize_pixels(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize ``(H, W, 3)`` or ``(H, W)`` pixels to ``size`` = (height, width).

    Bilinear with the filter widened when shrinking, so that fine patterns do not alias; the
    aspect ratio is not kept, as in training.
    """
    if pixels.shape[:2] == size:
        return pixels
    height, width = size
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def model_pixels(
    pixels: NDArray[np.uint8], size: tuple[int, int], channels: int, fit: str = "squash"
) -> NDArray[np.uint8]:
    """The picture as a network sees it, before scaling.

    Args:
        pixels: ``(H, W, 3)``, uint8, RGB.
        size: (height, width) that the network takes.
        channels: 1 gives grey, 3 RGB, 4 RGB with a full alpha channel.
        fit: see ``Preprocessing``.

    Returns:
        ``(height, width, channels)``, uint8.

    Raises:
        ImageError: the network takes another number of channels.
    """
    resized = resize_pixels(_middle(pixels, size) if fit == "crop" else pixels, size)
    return with_channels(resized, channels)


def _middle(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The largest part in the middle of a picture with the proportions of ``size``."""
    height, width = pixels.shape[:2]
    ratio = min(height / size[0], width / size[1])
    tall, wide = max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))
    top, left = (height - tall) // 2, (width - wide) // 2
    return pixels[top : top + tall, left : left + wide]


def with_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """RGB pixels ``(..., 3)`` as a network takes them, ``(..., channels)``; see ``model_pixels``.

    Grey is the luma of ITU-R BT.601 in whole numbers, as Pillow rounds it.
    """
    if channels == 3:
        return pixels
    if channels == 1:
        luma = pixels @ np.array(LUMA, np.uint32)  # below 2 ** 24
        return np.asarray((luma + 0x8000) >> 16, np.uint8)[..., None]
    if channels == 4:
        return np.concatenate([pixels, np.full((*pixels.shape[:-1], 1), 255, np.uint8)], axis=-1)
    raise ImageError(
        f"Expected a model with 1, 3 or 4 input channels. Received: {channels}. "
        "A photo cannot be shown to this model; pass arrays to cnn_core instead."
    )


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise ImageError(_too_many_pixels(f"{width} x {height}"))
    if min(size) < MIN_SIDE_PX:
        raise ImageError(
            f"Expected a picture of at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels. "
            f"Received {width} x {height}. Choose a larger one."
        )
    if max(size) > MAX_ASPECT_RATIO * min(size):
        raise ImageError(
            f"Expected a picture at most {MAX_ASPECT_RATIO} times as long as wide. "
            f"Received {width} x {height}. Cut it and try again."
        )


def _too_many_pixels(received: str) -> str:
    return (
        f"Expected a picture of at most {MAX_MEGAPIXELS} megapixels. Received {received}. "
        "Shrink it and try again."
    )


def _check_scans(content: bytes) -> None:
    """Refuse a JPEG file whose scans would keep a decoder busy for hours (LJT-01-003, Cure53 2015)."""
    position, scans = 2, 0
    for _ in range(MAX_JPEG_SEGMENTS):
        marker = JPEG_MARKER.search(content, position)
        if marker is None or marker[0][-1] == END_OF_IMAGE:
            return
        scans += marker[0][-1] == START_OF_SCAN
        if scans > MAX_JPEG_SCANS:
            break
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    raise ImageError(
        f"Expected a JPEG picture of at most {MAX_JPEG_SCANS} scans. Received one made to keep the computer "
        "busy. Choose another file."
    )
